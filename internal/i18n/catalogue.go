package i18n

import (
	"embed"
	"fmt"
	"strings"
	"sync"

	"github.com/BurntSushi/toml"
	goi18n "github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/language"

	"wirelab/internal/lang"
)

//go:embed *.toml
var files embed.FS

// filesOf are a language's files: what is said, what is said to mistakes, what web
// pages say, what the lab's page, and what of a class and of Kubernetes.
func filesOf(l lang.Lang) []string {
	return []string{string(l) + ".toml", "mistakes." + string(l) + ".toml", "web." + string(l) + ".toml", "page." + string(l) + ".toml", "class." + string(l) + ".toml", "kubernetes." + string(l) + ".toml"}
}

// catalogue is the sentences of a language. A table of its files is parsed when a
// sentence of it is wanted: a command on a lab's host says one or two, and to parse
// all of them would cost more than the rest of its start. It may be used by several
// goroutines at once.
type catalogue struct {
	mu     sync.RWMutex
	tables map[string][]table // by heading, those that are not parsed yet
	bundle *goi18n.Bundle
	texts  *goi18n.Localizer
}

// table is a part of a TOML file: a heading and what stands below it.
type table struct{ file, text string }

// catalogues are those of the languages, each made at its first sentence.
var catalogues = func() map[lang.Lang]func() *catalogue {
	all := map[lang.Lang]func() *catalogue{}
	for _, l := range lang.All() {
		all[l] = sync.OnceValue(func() *catalogue { return newCatalogue(l) })
	}
	return all
}()

func newCatalogue(l lang.Lang) *catalogue {
	c := &catalogue{tables: map[string][]table{}, bundle: goi18n.NewBundle(language.MustParse(string(l)))}
	c.bundle.RegisterUnmarshalFunc("toml", toml.Unmarshal)
	c.texts = goi18n.NewLocalizer(c.bundle, string(l))
	for _, file := range filesOf(l) {
		b, err := files.ReadFile(file)
		if err != nil {
			panic(err) // it is embedded
		}
		// A line begins with a bracket only where it is a heading, a test sees to it.
		for _, text := range strings.Split("\n"+string(b), "\n[")[1:] {
			heading, _, _ := strings.Cut(text, "]")
			c.tables[heading] = append(c.tables[heading], table{file, "[" + text})
		}
	}
	return c
}

// localize returns the sentence of a code.
func (c *catalogue) localize(config *goi18n.LocalizeConfig) (string, error) {
	// A sentence with plural forms is a table of its own.
	parent := config.MessageID[:max(0, strings.LastIndexByte(config.MessageID, '.'))]
	for _, heading := range []string{config.MessageID, parent} {
		if err := c.parse(heading); err != nil {
			return "", err
		}
	}
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.texts.Localize(config)
}

// parse parses the tables of a heading.
func (c *catalogue) parse(heading string) error {
	c.mu.RLock()
	there := len(c.tables[heading]) > 0
	c.mu.RUnlock()
	if !there {
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, t := range c.tables[heading] {
		if _, err := c.bundle.ParseMessageFileBytes([]byte(t.text), t.file); err != nil {
			return fmt.Errorf("%s: %w", t.file, err)
		}
	}
	delete(c.tables, heading)
	return nil
}
