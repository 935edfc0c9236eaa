package experiments

import (
	"embed"
	"strings"

	"wirelab/internal/lang"
	"wirelab/lab/script"
)

//go:embed template/*.txtar
var templates embed.FS

// Template returns the text of a new experiment of a name, with comments in a
// language. It runs and passes as it is. The error says what is wrong with the name.
func Template(name string, l lang.Lang) ([]byte, error) {
	data, err := templates.ReadFile("template/" + string(l) + ".txtar")
	if err != nil {
		return nil, err
	}
	text := []byte(strings.ReplaceAll(string(data), "NAME", name))
	_, err = script.Parse(name+".txtar", text)
	return text, err
}
