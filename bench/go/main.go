// The workloads on Go: WORKLOAD [key=number ...], with w Ps.
//
// Prints "metric value unit" lines. Ends with status 3 when there is no such workload.
package main

import (
	"fmt"
	"os"
	"runtime"
)

// workloads holds the frame of each workload: default sizes, warm-up, check, output.
var workloads = map[string]func(args){
	"yield":        reportYields,
	"spawn_one":    reportSpawnOne,
	"spawn_batch":  reportSpawnBatch,
	"skynet":       reportSkynet,
	"pingpong":     reportPingpong,
	"chanbuf":      reportChanbuf,
	"select":       reportSelect,
	"mutex":        reportMutex,
	"sieve":        reportSieve,
	"parked":       reportParked,
	"timers":       reportTimers,
	"hog":          reportHogs,
	"blocking":     reportBlocked,
	"blocking_raw": reportBlocked,
	"serve_echo":   serveEcho,
	"serve_http":   serveHTTP,
}

func main() {
	name, given, err := parse(os.Args[1:])
	if err != nil {
		fmt.Fprintf(os.Stderr, "%v\nusage: WORKLOAD [key=number ...]\n", err)
		os.Exit(2)
	}
	workload, found := workloads[name]
	if !found {
		fmt.Println("unsupported 0 n/a")
		os.Exit(3)
	}
	runtime.GOMAXPROCS(given.get("w", 1))
	workload(given)
}
