package config

import (
	"bytes"
	"encoding"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/release-train/release-train/internal/calendar"
)

// reader turns YAML nodes into Go values. It notes where each key stands, so
// that later checks can name the line, and which keys are wrong already, so
// that they do not complain about the same thing twice.
type reader struct {
	file   string
	lines  map[string]int  // key -> line
	broken map[string]bool // keys with an error
	errors Errors
}

func (r *reader) fail(line int, key, format string, args ...any) {
	r.broken[key] = true
	r.errors = append(r.errors, Error{File: r.file, Line: line, Key: key, Text: fmt.Sprintf(format, args...)})
}

// document is the one document of a file; nil when there is none to go on with.
func (r *reader) document(data []byte) *yaml.Node {
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	var doc, more yaml.Node
	err := decoder.Decode(&doc)
	switch {
	case errors.Is(err, io.EOF):
		r.fail(0, "", "the file is empty: start from the release.yaml in Release Train's repository")
		return nil
	case err != nil:
		r.syntax(err)
		return nil
	}
	if err := decoder.Decode(&more); err == nil {
		r.fail(more.Line, "", "a second document begins here: keep all trains in one, without ---")
	} else if !errors.Is(err, io.EOF) {
		r.syntax(err)
	}
	return doc.Content[0]
}

// syntax reports what the YAML parser refuses, at its line.
func (r *reader) syntax(err error) {
	text := strings.TrimPrefix(err.Error(), "yaml: ")
	var line int
	if _, scanErr := fmt.Sscanf(text, "line %d:", &line); scanErr == nil {
		_, text, _ = strings.Cut(text, ": ")
	}
	if strings.Contains(text, "cannot start any token") {
		text += "; put values that begin with @ or another sign in quotes, and indent with spaces"
	}
	r.fail(line, "", "this is not YAML: %s", text)
}

var textUnmarshaler = reflect.TypeFor[encoding.TextUnmarshaler]()

// decode fills out from a node.
func (r *reader) decode(n *yaml.Node, out any) {
	r.value(n, "", reflect.ValueOf(out).Elem())
}

// value fills v from the node of a key. The types of a File bound its depth.
func (r *reader) value(n *yaml.Node, key string, v reflect.Value) {
	if n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	if n.Tag == "!!null" {
		return // a key without a value is left out
	}
	if v.Kind() == reflect.Pointer {
		v.Set(reflect.New(v.Type().Elem()))
		v = v.Elem()
	}
	if v.Addr().Type().Implements(textUnmarshaler) {
		r.text(n, key, v)
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		r.mapping(n, key, v)
	case reflect.Slice:
		r.sequence(n, key, v)
	case reflect.Map:
		r.strings(n, key, v)
	case reflect.Int:
		r.number(n, key, v)
	case reflect.String:
		if r.is(n, yaml.ScalarNode, key) {
			v.SetString(n.Value) // as written: 1.10 stays 1.10
		}
	default:
		panic(fmt.Sprintf("config: %s has a type that release.yaml cannot hold: %s", key, v.Type()))
	}
}

// text reads a value that knows its own form: a day, a time, a duration.
func (r *reader) text(n *yaml.Node, key string, v reflect.Value) {
	if !r.is(n, yaml.ScalarNode, key) {
		return
	}
	if err := v.Addr().Interface().(encoding.TextUnmarshaler).UnmarshalText([]byte(n.Value)); err != nil {
		r.fail(n.Line, key, "%s", err)
		return
	}
	r.notZero(n, key, v)
}

// number reads a whole number in decimal digits.
func (r *reader) number(n *yaml.Node, key string, v reflect.Value) {
	if !r.is(n, yaml.ScalarNode, key) {
		return
	}
	i, err := strconv.Atoi(n.Value)
	if err != nil {
		r.fail(n.Line, key, "%q is not a whole number: write for example 3", n.Value)
		return
	}
	v.SetInt(int64(i))
	r.notZero(n, key, v)
}

// notZero refuses a value whose place the default would silently take.
func (r *reader) notZero(n *yaml.Node, key string, v reflect.Value) {
	if least, ok := leastValues[v.Type()]; ok && v.IsZero() {
		r.fail(n.Line, key, "%q means the same as no value at all: write at least %s, or remove the key", n.Value, least)
	}
}

// leastValues are the types whose zero is "left out", with the least that can be written.
var leastValues = map[reflect.Type]string{
	reflect.TypeFor[calendar.Clock]():    "00:01",
	reflect.TypeFor[calendar.Duration](): "1s",
	reflect.TypeFor[int]():               "1",
}

func (r *reader) sequence(n *yaml.Node, key string, v reflect.Value) {
	if !r.is(n, yaml.SequenceNode, key) {
		return
	}
	for i, item := range n.Content {
		at := fmt.Sprintf("%s[%d]", key, i)
		r.lines[at] = item.Line
		element := reflect.New(v.Type().Elem()).Elem()
		if item.Tag == "!!null" {
			r.fail(item.Line, at, "this entry of the list is empty: write a value or remove it")
		}
		r.value(item, at, element)
		v.Set(reflect.Append(v, element))
	}
}

// strings reads a map of strings to strings.
func (r *reader) strings(n *yaml.Node, key string, v reflect.Value) {
	if !r.is(n, yaml.MappingNode, key) {
		return
	}
	v.Set(reflect.MakeMap(v.Type()))
	r.entries(n, key, func(name, value *yaml.Node, at string) {
		if value.Kind == yaml.AliasNode {
			value = value.Alias
		}
		switch {
		case value.Tag == "!!null":
			r.fail(value.Line, at, `this has no value: write one, or "" for an empty one`)
		case r.is(value, yaml.ScalarNode, at):
			v.SetMapIndex(reflect.ValueOf(name.Value), reflect.ValueOf(value.Value))
		}
	})
}

// mapping reads a struct by its yaml tags; a key that it does not have is an error.
func (r *reader) mapping(n *yaml.Node, key string, v reflect.Value) {
	if !r.is(n, yaml.MappingNode, key) {
		return
	}
	fields := map[string]int{}
	var known []string
	for i := range v.NumField() {
		name, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("yaml"), ",")
		if name == "-" {
			continue
		}
		fields[name] = i
		known = append(known, name)
	}
	var meant []string
	r.entries(n, key, func(name, value *yaml.Node, at string) {
		if field, ok := fields[name.Value]; ok {
			r.value(value, at, v.Field(field))
			return
		}
		nearest, advice := suggest(name.Value, known)
		r.fail(name.Line, at, "there is no such key: %s", advice)
		if nearest != "" {
			meant = append(meant, join(key, nearest))
		}
	})
	for _, m := range meant {
		if r.lines[m] == 0 {
			r.broken[m] = true // misspelt, hence not missing as well
		}
	}
}

// entries calls yield with each key of a mapping; one that stands twice is an error.
func (r *reader) entries(n *yaml.Node, key string, yield func(name, value *yaml.Node, at string)) {
	for i := 0; i+1 < len(n.Content); i += 2 {
		name, value := n.Content[i], n.Content[i+1]
		at := join(key, name.Value)
		if first, twice := r.lines[at]; twice {
			r.fail(name.Line, at, "this key stands twice, first in line %d: remove one of them", first)
			continue
		}
		r.lines[at] = name.Line
		yield(name, value, at)
	}
}

func join(key, name string) string { return strings.TrimPrefix(key+"."+name, ".") }

var kinds = map[yaml.Kind]string{
	yaml.ScalarNode: "a single value", yaml.SequenceNode: "a list", yaml.MappingNode: "keys with values",
}

func (r *reader) is(n *yaml.Node, kind yaml.Kind, key string) bool {
	if n.Kind == kind {
		return true
	}
	r.fail(n.Line, key, "here stands %s: write %s", kinds[n.Kind], kinds[kind])
	return false
}

// suggest is the nearest known key, if it shares half of the letters, and the advice to give.
func suggest(key string, known []string) (nearest, advice string) {
	best := len(key) + 1
	for _, k := range known {
		d := edits(strings.ToLower(key), strings.ToLower(k))
		if d < best && d <= max(len(key), len(k))/2 {
			nearest, best = k, d
		}
	}
	if nearest != "" {
		return nearest, fmt.Sprintf("did you mean %q?", nearest)
	}
	return "", "known here are " + strings.Join(known, ", ")
}

// edits is the Levenshtein distance of two short words.
func edits(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
