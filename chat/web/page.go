package web

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"encoding/json"
	"html/template"
	"net/http"
	"path"
	"sync"
	"time"

	"wirelab/chat"
	"wirelab/internal/i18n"
	"wirelab/internal/lang"
)

//go:embed page
var files embed.FS

// pageTemplate is made when it is asked for: every command has this package.
var pageTemplate = sync.OnceValue(func() *template.Template { return template.Must(template.ParseFS(files, "page/page.html")) })

// mediaTypes are those of the page's parts: the machine's own table may lack one.
var mediaTypes = map[string]string{".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8", ".svg": "image/svg+xml"}

// pageData is what the template shows.
type pageData struct {
	Lang, Other lang.Lang // Other is the one to change to
	Text        map[string]string
	Words       string // Text as JSON, for the page's scripts
	Server      string // the name of the console
	Teacher     bool
	MaxText     int // bytes
}

// pageWords are the sentences of the page. What stands in braces its scripts replace.
func pageWords(l lang.Lang) map[string]string {
	words := map[string]string{}
	for name, m := range map[string]i18n.Message{
		"title":        i18n.Msg("chat.page.title"),
		"name":         i18n.Msg("chat.page.name"),
		"join":         i18n.Msg("chat.page.join"),
		"message":      i18n.Msg("chat.page.message"),
		"messages":     i18n.Msg("chat.page.messages"),
		"send":         i18n.Msg("chat.page.send"),
		"people":       i18n.Msg("chat.page.people", "Number", "{number}"),
		"close":        i18n.Msg("chat.page.close"),
		"leave":        i18n.Msg("chat.page.leave"),
		"connecting":   i18n.Msg("chat.page.connecting"),
		"reconnecting": i18n.Msg("chat.page.reconnecting"),
		"newer":        i18n.Msg("chat.page.newer"),
		"left":         i18n.Msg("chat.page.left"),
		"kicked":       i18n.Msg("chat.line.kickedyou"),
		"elsewhere":    i18n.Msg("chat.page.elsewhere"),
		"here":         i18n.Msg("chat.page.here"),
		"again":        i18n.Msg("chat.page.again"),
		"away":         i18n.Msg("chat.page.away"),
		"mute":         i18n.Msg("chat.page.mute"),
		"unmute":       i18n.Msg("chat.page.unmute"),
		"kick":         i18n.Msg("chat.page.kick"),
		"unban":        i18n.Msg("chat.page.unban"),
		"muted":        i18n.Msg("chat.console.muted"),
		"out":          i18n.Msg("chat.page.out", "Name", "{name}"),
		"topic":        i18n.Msg("chat.page.topic", "Topic", "{topic}"),
		"private":      i18n.Msg("chat.page.private"),
		"unsent":       i18n.Msg("chat.page.unsent"),
		"notheard":     i18n.Msg("chat.client.notheard", "Text", "{text}"),
		"notresumed":   i18n.Msg("chat.client.notresumed"),
		"toolong":      i18n.Msg("chat.client.toolong", "Limit", maxText),
		"noscript":     i18n.Msg("chat.page.noscript"),
		"teacher":      i18n.Msg("chat.page.teacher"),
	} {
		words[name] = m.In(l)
	}
	return words
}

func (s *Site) page(w http.ResponseWriter, r *http.Request) {
	l := language(r)
	words := pageWords(l)
	encoded, err := json.Marshal(words)
	if err != nil { // strings always can be
		panic(err)
	}
	data := pageData{Lang: l, Other: lang.Lang(l.Pick(string(lang.Chinese), string(lang.English))), Text: words, Words: string(encoded),
		Server: s.room.Console, Teacher: s.guard.Role(r) == Teacher, MaxText: chat.MaxLine - 1}
	var b bytes.Buffer
	if err := pageTemplate().Execute(&b, data); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Vary", "Accept-Language, Cookie")
	_, _ = b.WriteTo(w) // a reader who has gone misses it
}

func (s *Site) static(w http.ResponseWriter, r *http.Request) { serveFile(w, r, r.PathValue("file")) }

// icon is for a browser that asks for one before it has seen the page.
func (s *Site) icon(w http.ResponseWriter, r *http.Request) { serveFile(w, r, "icon.svg") }

func serveFile(w http.ResponseWriter, r *http.Request, name string) {
	b, err := files.ReadFile(path.Join("page", path.Base(name)))
	media := mediaTypes[path.Ext(name)]
	if err != nil || media == "" {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", media)
	sum := sha256.Sum256(b)
	w.Header().Set("ETag", `"`+base64.RawURLEncoding.EncodeToString(sum[:12])+`"`)
	w.Header().Set("Cache-Control", "no-cache") // kept, and asked for again
	http.ServeContent(w, r, name, time.Time{}, bytes.NewReader(b))
}
