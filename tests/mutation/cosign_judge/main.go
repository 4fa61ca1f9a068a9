// Judges many bundles in one process: on each line of standard input the words of one `cosign` command as a JSON list,
// on each line of standard output the error as a JSON string, "" for none. The command is Cosign's own.
package main

import (
	"bufio"
	"encoding/json"
	"io"
	"os"

	"github.com/sigstore/cosign/v3/cmd/cosign/cli"
)

func judge(words []string) string {
	command := cli.New()
	command.SetArgs(words)
	command.SetOut(io.Discard)
	command.SetErr(io.Discard)
	command.SilenceErrors, command.SilenceUsage = true, true
	if err := command.Execute(); err != nil {
		return err.Error()
	}
	return ""
}

func main() {
	answers := bufio.NewWriter(os.Stdout)
	defer answers.Flush()
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var words []string
		if err := json.Unmarshal(lines.Bytes(), &words); err != nil {
			panic(err)
		}
		answer, err := json.Marshal(judge(words))
		if err != nil {
			panic(err)
		}
		if _, err := answers.Write(append(answer, '\n')); err != nil {
			panic(err)
		}
	}
}
