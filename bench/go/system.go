package main

import (
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// memory is what is in use, in bytes.
type memory struct {
	// resident are this process's pages.
	resident float64
	// withKernel adds its page tables, and the machine's kernel stacks and fixed slabs.
	withKernel float64
}

func memoryNow() memory {
	resident := status("VmRSS")
	kernel := field("/proc/meminfo", "KernelStack") + field("/proc/meminfo", "SUnreclaim")
	return memory{resident, resident + status("VmPTE") + kernel}
}

func status(name string) float64 {
	return field("/proc/self/status", name)
}

// field returns the named field of a file whose lines are "name: number kB", in bytes.
func field(path, name string) float64 {
	text, err := os.ReadFile(path)
	if err != nil {
		panic(err)
	}
	for line := range strings.Lines(string(text)) {
		rest, found := strings.CutPrefix(line, name+":")
		if !found {
			continue
		}
		number, err := strconv.ParseFloat(strings.Fields(rest)[0], 64)
		if err != nil {
			panic(err)
		}
		return number * 1024
	}
	panic(path + " has no " + name)
}

// cpuTime returns the time on CPUs so far, user and system.
func cpuTime() time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		panic(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
