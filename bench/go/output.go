package main

import (
	"fmt"
	"time"
)

// report prints one figure.
func report(metric string, value float64, unit string) {
	fmt.Printf("%s %.3f %s\n", metric, value, unit)
}

// per returns the nanoseconds for each of count.
func per(took time.Duration, count int) float64 {
	return float64(took.Nanoseconds()) / float64(count)
}

func milliseconds(took time.Duration) float64 {
	return took.Seconds() * 1e3
}

// warm does a tenth of the work, then all of it, and returns how long that took.
func warm(size int, work func(size int) time.Duration) time.Duration {
	work(max(size/10, 1))
	return work(size)
}

// check stops the program when a result is wrong.
func check(right bool, what string) {
	if !right {
		panic("wrong result: " + what)
	}
}
