package main

import (
	"sync"
	"sync/atomic"
	"time"
)

func reportPingpong(given args) {
	rounds := given.get("n", 300_000)
	report("roundtrip", per(warm(rounds, pingpong), rounds), "ns")
}

func reportChanbuf(given args) {
	producers, consumers := given.get("prod", 1), given.get("cons", 1)
	messages := given.get("n", 1_000_000) / producers * producers
	took := warm(messages, func(messages int) time.Duration {
		return chanbuf(messages, producers, consumers, given.get("cap", 128))
	})
	report("msg", per(took, messages), "ns")
}

func reportSelect(given args) {
	messages := given.get("n", 1_000_000) / 4 * 4
	took := warm(messages, func(messages int) time.Duration {
		return selectFour(messages/4*4, given.get("cap", 0))
	})
	report("msg", per(took, messages), "ns")
}

// reportSieve does not warm up: it runs for seconds.
func reportSieve(given args) {
	count := given.get("n", 2000)
	took, last := sieve(count, given.get("cap", 0))
	check(last == nthPrime(count), "the last prime")
	report("total", milliseconds(took), "ms")
}

func pingpong(rounds int) time.Duration {
	start := time.Now()
	ping, pong := make(chan int), make(chan int)
	var group sync.WaitGroup
	group.Go(func() {
		for ball := range ping {
			pong <- ball
		}
	})
	group.Go(func() {
		for round := range rounds {
			ping <- round
			check(<-pong == round, "the ball")
		}
		close(ping)
	})
	group.Wait()
	return time.Since(start)
}

func chanbuf(messages, producers, consumers, capacity int) time.Duration {
	start := time.Now()
	numbers := make(chan int, capacity)
	share := messages / producers
	var sending, receiving sync.WaitGroup
	for range producers {
		sending.Go(func() {
			for number := range share {
				numbers <- number
			}
		})
	}
	var received atomic.Int64
	for range consumers {
		receiving.Go(func() {
			count := int64(0)
			for range numbers {
				count++
			}
			received.Add(count)
		})
	}
	sending.Wait()
	close(numbers)
	receiving.Wait()
	took := time.Since(start)
	check(received.Load() == int64(share*producers), "lost messages")
	return took
}

// selectFour receives from four channels at once, each of which has one sender.
func selectFour(messages, capacity int) time.Duration {
	start := time.Now()
	source := func() chan int {
		numbers := make(chan int, capacity)
		go func() {
			for number := range messages / 4 {
				numbers <- number
			}
		}()
		return numbers
	}
	north, east, south, west := source(), source(), source(), source()
	var receiver sync.WaitGroup
	receiver.Go(func() {
		sum := 0
		for range messages {
			select {
			case number := <-north:
				sum += number
			case number := <-east:
				sum += number
			case number := <-south:
				sum += number
			case number := <-west:
				sum += number
			}
		}
		share := messages / 4
		check(sum == 4*(share*(share-1)/2), "the sum of all numbers")
	})
	receiver.Wait()
	return time.Since(start)
}

// sieve finds the first count primes with a chain of filters. The goroutines stay behind: a sender
// that nobody receives from waits for ever.
func sieve(count, capacity int) (time.Duration, int) {
	start := time.Now()
	numbers := make(chan int, capacity)
	go func(numbers chan<- int) {
		for number := 2; ; number++ {
			numbers <- number
		}
	}(numbers)
	prime := 0
	for range count {
		prime = <-numbers
		filtered := make(chan int, capacity)
		go filter(numbers, filtered, prime)
		numbers = filtered
	}
	return time.Since(start), prime
}

// filter passes on what prime does not divide.
func filter(from <-chan int, to chan<- int, prime int) {
	for number := range from {
		if number%prime != 0 {
			to <- number
		}
	}
}

// nthPrime finds a prime by trial division. The first is 2.
func nthPrime(count int) int {
	var primes []int
	for candidate := 2; len(primes) < count; candidate++ {
		divided := false
		for _, prime := range primes {
			if prime*prime > candidate {
				break
			}
			if candidate%prime == 0 {
				divided = true
				break
			}
		}
		if !divided {
			primes = append(primes, candidate)
		}
	}
	return primes[count-1]
}
