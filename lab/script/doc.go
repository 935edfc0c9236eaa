// Package script is the experiment file: a script and the traces that it
// expects. It reads the file, carries the script out in a lab and has its
// claims judged.
//
// A new verb of the script is one entry of the table in verbs.go.
package script
