//go:build !unix

package cli

const fewConnections = 0

func maxConnections() int { return 0 } // handles are limited by memory
