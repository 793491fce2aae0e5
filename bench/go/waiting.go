package main

import (
	"sync"
	"sync/atomic"
	"time"
)

func reportParked(given args) {
	tasks := given.get("n", 100_000)
	before := memoryNow()
	took := park(tasks)
	after := memoryNow()
	report("rss", (after.resident-before.resident)/float64(tasks), "B/task")
	report("sysmem", (after.withKernel-before.withKernel)/float64(tasks), "B/task")
	report("create", per(took, tasks), "ns/task")
}

func reportTimers(given args) {
	before := cpuTime()
	took := timers(given.get("n", 100_000), given.get("rounds", 10))
	report("wall", milliseconds(took), "ms")
	report("cpu", milliseconds(cpuTime()-before), "ms")
}

// park starts goroutines that wait for what never comes, and returns 20 ms after all have begun.
func park(tasks int) time.Duration {
	var begun atomic.Int64
	never := make(chan struct{})
	start := time.Now()
	for range tasks {
		go func() {
			begun.Add(1)
			<-never
		}()
	}
	for begun.Load() < int64(tasks) {
		time.Sleep(time.Millisecond)
	}
	took := time.Since(start)
	time.Sleep(20 * time.Millisecond)
	return took
}

func timers(tasks, rounds int) time.Duration {
	start := time.Now()
	var group sync.WaitGroup
	for task := range tasks {
		group.Go(func() {
			row := delays(task)
			for range rounds {
				time.Sleep(row.next())
			}
		})
	}
	group.Wait()
	return time.Since(start)
}

// delays is an endless row of delays between 1 and 100 ms: splitmix64, one row per goroutine.
type delays uint64

func (row *delays) next() time.Duration {
	*row += 0x9e3779b97f4a7c15
	mixed := uint64(*row)
	mixed = (mixed ^ mixed>>30) * 0xbf58476d1ce4e5b9
	mixed = (mixed ^ mixed>>27) * 0x94d049bb133111eb
	mixed ^= mixed >> 31
	return time.Duration(1+mixed%100) * time.Millisecond
}
