package main

import (
	"runtime"
	"sync"
	"time"
)

func reportYields(given args) {
	tasks, turns := given.get("tasks", 2), given.get("n", 1_000_000)
	took := warm(turns, func(turns int) time.Duration { return yields(tasks, turns) })
	report("switch", per(took, tasks*turns), "ns")
}

func reportSpawnOne(given args) {
	count := given.get("n", 300_000)
	report("task", per(warm(count, spawnOne), count), "ns")
}

func reportSpawnBatch(given args) {
	rounds, batch := given.get("n", 30), given.get("batch", 10_000)
	took := warm(rounds, func(rounds int) time.Duration { return spawnBatch(rounds, batch) })
	report("task", per(took, rounds*batch), "ns")
}

// reportSkynet does not warm up: what a first million goroutines cost belongs to it.
func reportSkynet(given args) {
	leaves := given.get("n", 1_000_000)
	start := time.Now()
	root := make(chan int)
	go skynet(root, 0, leaves)
	sum := <-root
	took := time.Since(start)
	check(sum == leaves*(leaves-1)/2, "the sum of all leaves' numbers")
	report("total", milliseconds(took), "ms")
	report("peak", status("VmHWM")/(1<<20), "MiB")
}

func yields(tasks, turns int) time.Duration {
	start := time.Now()
	var group sync.WaitGroup
	for range tasks {
		group.Go(func() {
			for range turns {
				runtime.Gosched()
			}
		})
	}
	group.Wait()
	return time.Since(start)
}

func spawnOne(count int) time.Duration {
	start := time.Now()
	var group sync.WaitGroup
	for range count {
		group.Go(func() {})
		group.Wait()
	}
	return time.Since(start)
}

func spawnBatch(rounds, batch int) time.Duration {
	start := time.Now()
	for range rounds {
		var group sync.WaitGroup
		for range batch {
			group.Go(func() {})
		}
		group.Wait()
	}
	return time.Since(start)
}

// skynet is the part of the tree whose leaves are first and the leaves-1 numbers after it.
func skynet(parent chan<- int, first, leaves int) {
	sum := first
	if leaves > 1 {
		sums := make(chan int)
		share := leaves / 10
		for branch := range 10 {
			go skynet(sums, first+branch*share, share)
		}
		sum = 0
		for range 10 {
			sum += <-sums
		}
	}
	parent <- sum
}
