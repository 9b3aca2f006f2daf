package turn

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// scripts are conversations as they go; what becomes of each stands in testdata.
var scripts = map[string]func(k *talk){
	"plain": func(k *talk) {
		k.says("I build payment systems.", 2*sec)
		k.wait(sec)
		k.reply("Since when?")
		k.says("for six years", 2*sec)
		k.wait(sec)
		k.reply("Thank you.")
		k.do(EndAsked{})
	},
	"barge-in": func(k *talk) {
		k.says("I build payment systems.", 2*sec)
		k.wait(sec)
		k.sounding()
		from := k.now
		k.do(SpeechStarted{From: from})
		k.wait(500 * ms)
		k.do(Partial{Text: "wait"})
		k.do(Stopped{Reply: 2, Heard: "And since"})
		k.wait(sec)
		k.do(SpeechEnded{To: k.now})
		k.final("wait, I forgot something.", from, k.now)
		k.wait(sec)
		k.reply("Please go on.")
		k.do(EndAsked{})
	},
	"cough": func(k *talk) {
		k.says("I build payment systems.", 2*sec)
		k.wait(sec)
		k.sounding()
		k.says("", 300*ms)
		k.wait(sec)
		k.do(Spoken{Reply: 2, Text: "And since when?"})
		k.do(EndAsked{})
	},
	"backchannel": func(k *talk) {
		k.says("I build payment systems.", 2*sec)
		k.wait(sec)
		k.sounding()
		k.says("mhm", 300*ms)
		k.wait(sec)
		k.do(Spoken{Reply: 2, Text: "And since when?"})
		k.do(EndAsked{})
	},
	"dangling": func(k *talk) {
		k.says("I build payment systems and", 2*sec)
		k.wait(600 * ms)
		k.says("I test them.", sec)
		k.wait(sec)
		k.reply("Good.")
		k.do(EndAsked{})
	},
	"disconnect": func(k *talk) {
		k.says("I build payment systems.", 2*sec)
		k.wait(sec)
		k.sounding()
		k.do(ConnectionDown{Conn: 1})
		k.wait(15 * sec)
		k.do(ConnectionUp{Conn: 2})
		k.do(Spoken{Reply: 2, Text: "And since when?"})
		k.says("Six years.", sec)
		k.wait(sec)
		k.reply("Good.")
		k.do(EndAsked{})
	},
	"second device": func(k *talk) {
		from := k.now
		k.do(SpeechStarted{From: from})
		k.wait(sec)
		k.do(ConnectionUp{Conn: 2})
		k.final("I was saying that", from, k.now)
		k.says("I build payment systems.", 2*sec)
		k.wait(sec)
		k.reply("Good.")
		k.do(EndAsked{})
	},
	"pause": func(k *talk) {
		k.says("I build payment systems.", 2*sec)
		k.wait(sec)
		k.sounding()
		k.do(PauseAsked{})
		k.wait(60 * sec)
		k.do(ResumeAsked{})
		k.do(Spoken{Reply: 2, Text: "And since when?"})
		k.do(EndAsked{})
	},
	"skip and repeat": func(k *talk) {
		k.do(RepeatAsked{})
		k.reply("What do you do?")
		k.do(SkipAsked{})
		k.reply("Where do you live?")
		k.do(EndAsked{})
	},
	"late final": func(k *talk) {
		from := k.now
		k.says("I build payment systems.", 2*sec)
		k.wait(100 * ms)
		k.final("for banks", from, from+sec)
		k.do(Stopped{Reply: 2})
		k.wait(sec)
		k.reply("Good.")
		k.do(EndAsked{})
	},
	"recognition behind": func(k *talk) {
		k.do(Backlog{Behind: true})
		k.says("I build payment systems.", 2*sec)
		k.wait(3 * sec)
		k.do(Backlog{Behind: false})
		k.reply("Good.")
		k.do(EndAsked{})
	},
	"takeover": func(k *talk) {
		k.do(TakenOver{User: "anna"})
		k.do(OperatorSaid{User: "anna", Text: "Hi, I am Anna."})
		k.reply("Hi, I am Anna.")
		k.says("Hello Anna.", sec)
		k.do(HandedBack{User: "anna"})
		k.wait(sec)
		k.reply("Let us go on.")
		k.do(EndAsked{})
	},
	"failing model": func(k *talk) {
		k.says("I build payment systems.", 2*sec)
		k.wait(sec)
		k.do(Failed{Reply: 2, Stage: "llm"})
		k.reply("Sorry, something went wrong. What did you say?")
		k.do(EndAsked{})
	},
}

func TestScriptedConversationsGoAsTheyDid(t *testing.T) {
	t.Parallel()
	for name, script := range scripts {
		k := start(t)
		script(k)
		got := strings.ReplaceAll(k.since(0), "; ", "\n") + "\n"
		path := filepath.Join("testdata", strings.ReplaceAll(name, " ", "-")+".golden")
		if *update {
			if err := os.MkdirAll("testdata", 0o750); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
				t.Fatal(err)
			}
			continue
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if got != string(want) {
			t.Errorf("%s went\n%s\nand not\n%s", name, got, want)
		}
	}
}
