package main

import (
	"context"
	"io"
	"os"

	"github.com/vantahire/vantahire/providers/local/worker"
)

// speech is a local speech worker: frames over standard input and output.
func speech(ctx context.Context, args []string, _, _ io.Writer) int {
	return worker.Main(ctx, os.Stdin, os.Stdout, args)
}
