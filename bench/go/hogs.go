package main

import (
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

func reportHogs(given args) {
	duration := time.Duration(given.get("ms", 2000)) * time.Millisecond
	reportDelays("delay", hogs(given.get("hogs", 4), duration))
}

// reportBlocked serves both ways: each system call is announced in Go.
func reportBlocked(given args) {
	took, late := blocked(given.get("n", 100))
	report("wall", milliseconds(took), "ms")
	reportDelays("tick", late)
}

func reportDelays(name string, late []time.Duration) {
	slices.Sort(late)
	last := len(late) - 1
	report(name+"_p50", late[last/2].Seconds()*1e6, "us")
	report(name+"_p99", late[last*99/100].Seconds()*1e6, "us")
	report(name+"_max", late[last].Seconds()*1e6, "us")
}

// napper is a goroutine that sleeps 1 ms again and again and notes by how much too long.
type napper struct {
	notes, over atomic.Bool
	late        []time.Duration
	done        sync.WaitGroup
}

func (napper *napper) start() {
	napper.done.Go(func() {
		for !napper.over.Load() {
			noted, start := napper.notes.Load(), time.Now()
			time.Sleep(time.Millisecond)
			if noted {
				napper.late = append(napper.late, time.Since(start)-time.Millisecond)
			}
		}
	})
}

func (napper *napper) end() []time.Duration {
	napper.over.Store(true)
	napper.done.Wait()
	return napper.late
}

// hogs has goroutines compute that never call anything; returns how late the one beside them was.
func hogs(count int, duration time.Duration) []time.Duration {
	var beside napper
	beside.start()
	time.Sleep(20 * time.Millisecond)
	beside.notes.Store(true)
	time.Sleep(3 * time.Millisecond)
	end := time.Now().Add(duration)
	var group sync.WaitGroup
	for range count {
		group.Go(func() { computeUntil(end) })
	}
	group.Wait()
	return beside.end()
}

// computed keeps the work from being left out.
var computed atomic.Uint64

func computeUntil(end time.Time) {
	x := uint64(1)
	for time.Now().Before(end) {
		for range 1 << 16 {
			x = x*6364136223846793005 + 1442695040888963407
		}
	}
	computed.Store(x)
}

// blocked has goroutines sleep in the kernel for 50 ms each.
func blocked(count int) (time.Duration, []time.Duration) {
	var beside napper
	beside.notes.Store(true)
	beside.start()
	time.Sleep(10 * time.Millisecond)
	start := time.Now()
	var group sync.WaitGroup
	for range count {
		group.Go(func() {
			pause := syscall.NsecToTimespec((50 * time.Millisecond).Nanoseconds())
			for syscall.Nanosleep(&pause, &pause) == syscall.EINTR {
			}
		})
	}
	group.Wait()
	return time.Since(start), beside.end()
}
