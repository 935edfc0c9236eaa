//go:build !race

package lab

var instrumented []string
