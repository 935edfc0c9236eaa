//go:build race

package lab

// instrumented are variables for programs on hosts that have the race detector, which has
// found what there is to find when a program ends: without this each sleeps a second longer.
var instrumented = []string{"GORACE=atexit_sleep_ms=0"}
