package worker

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"

	"github.com/vantahire/vantahire/providers/local/wire"
)

// Main is the worker process: it speaks package wire over r and w until r ends or
// ctx does, and returns the exit code, which is 0 when the parent closed the
// conversation, 1 when it broke and 2 for a wrong command line. What it has to say
// to people goes to standard error.
//
// The arguments say where things are: -model, the folder of pocketsphinx's
// American English model, and -flite, the program to speak with where the library
// can't be loaded. The libraries themselves are found by the dynamic linker.
func Main(ctx context.Context, r io.Reader, w io.Writer, args []string) int {
	flags := flag.NewFlagSet("speech", flag.ContinueOnError)
	flags.SetOutput(os.Stderr)
	model := flags.String("model", "", "folder of the pocketsphinx model en-us")
	command := flags.String("flite", "", "flite program, used when its library can't be loaded")
	if err := flags.Parse(args); err != nil {
		return 2
	}
	if flags.NArg() > 0 {
		fmt.Fprintf(os.Stderr, "speech: unexpected argument %q\n", flags.Arg(0))
		return 2
	}
	w, err := ownOutput(w)
	if err != nil {
		fmt.Fprintln(os.Stderr, "speech:", err)
		return 1
	}
	giveWay()
	if c, ok := r.(io.Closer); ok {
		stop := context.AfterFunc(ctx, func() { _ = c.Close() }) // ends the read
		defer stop()
	}
	if err := newServer(w, load(*model, *command)).serve(ctx, r); err != nil {
		fmt.Fprintln(os.Stderr, "speech:", err)
		return 1
	}
	return 0
}

// load brings up what this machine has.
func load(model, command string) engines {
	e := engines{hello: wire.Hello{Protocol: wire.Protocol}}
	voice, err := loadVoice()
	switch {
	case err == nil:
		e.voice, e.hello.Speak.How = voice, "library"
	case command != "":
		e.voice, e.hello.Speak = &fliteCommand{path: command}, wire.Engine{How: "command", Missing: err.Error()}
	default:
		e.hello.Speak.Missing = err.Error()
	}
	if model == "" {
		e.hello.Hear.Missing = "no pocketsphinx model was found"
		return e
	}
	ears, err := loadEars(model)
	if err != nil {
		e.hello.Hear.Missing = err.Error()
		return e
	}
	e.ears, e.hello.Hear.How = ears, "library"
	return e
}
