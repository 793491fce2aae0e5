package main

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// args holds the parameters of a workload by name.
type args map[string]int

// parse reads the command line. A later parameter overrides an earlier one.
func parse(words []string) (workload string, given args, err error) {
	if len(words) == 0 {
		return "", nil, errors.New("which workload?")
	}
	given = args{}
	for _, word := range words[1:] {
		key, value, found := strings.Cut(word, "=")
		if !found {
			return "", nil, fmt.Errorf("%s: no `=`", word)
		}
		number, err := strconv.Atoi(value)
		if err != nil {
			return "", nil, fmt.Errorf("%s: %w", word, err)
		}
		given[key] = number
	}
	return words[0], given, nil
}

// get returns the parameter, or its default where it is not given.
func (given args) get(key string, standard int) int {
	if number, found := given[key]; found {
		return number
	}
	return standard
}
