package main

import (
	"sync"
	"time"
)

func reportMutex(given args) {
	tasks, turns := given.get("tasks", 8), given.get("n", 200_000)
	took := warm(turns, func(turns int) time.Duration { return mutex(tasks, turns) })
	report("op", per(took, tasks*turns), "ns")
}

func mutex(tasks, turns int) time.Duration {
	start := time.Now()
	var guard sync.Mutex
	number := 0
	var group sync.WaitGroup
	for range tasks {
		group.Go(func() {
			for range turns {
				guard.Lock()
				number++
				guard.Unlock()
			}
		})
	}
	group.Wait()
	took := time.Since(start)
	check(number == tasks*turns, "the number under the mutex")
	return took
}
