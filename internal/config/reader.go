package config

import (
	"bytes"
	"encoding"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"

	"go.yaml.in/yaml/v3"
)

// reader turns YAML nodes into Go values and notes where each key stands, so
// that every later check can name the line.
type reader struct {
	file   string
	lines  map[string]int // key path -> line
	errors Errors
}

func (r *reader) fail(line int, key, format string, args ...any) {
	r.errors = append(r.errors, Error{File: r.file, Line: line, Key: key, Text: fmt.Sprintf(format, args...)})
}

// document is the one document of a file.
func (r *reader) document(data []byte) *yaml.Node {
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	var doc, more yaml.Node
	err := decoder.Decode(&doc)
	switch {
	case errors.Is(err, io.EOF) || err == nil && len(doc.Content) == 0:
		r.fail(0, "", "the file is empty; start from the release.yaml of Release Train's repository")
		return nil
	case err != nil:
		r.fail(yamlLine(err), "", "this is not YAML: %s", strings.TrimPrefix(err.Error(), "yaml: "))
		return nil
	}
	if err := decoder.Decode(&more); !errors.Is(err, io.EOF) {
		r.fail(more.Line, "", "there is a second document; keep all trains in one")
	}
	return doc.Content[0]
}

func yamlLine(err error) int {
	var line int
	if _, scanErr := fmt.Sscanf(err.Error(), "yaml: line %d:", &line); scanErr != nil {
		return 0
	}
	return line
}

var textUnmarshaler = reflect.TypeFor[encoding.TextUnmarshaler]()

// decode fills out from a node; path is the node's key.
func (r *reader) decode(n *yaml.Node, path string, out any) {
	r.value(n, path, reflect.ValueOf(out).Elem())
}

func (r *reader) value(n *yaml.Node, path string, v reflect.Value) {
	for n.Kind == yaml.AliasNode {
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
		r.text(n, path, v)
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		r.mapping(n, path, v)
	case reflect.Slice:
		r.sequence(n, path, v)
	case reflect.Map:
		r.strings(n, path, v)
	default:
		r.scalar(n, path, v)
	}
}

// text reads a value that knows its own form: a day, a time, a duration.
func (r *reader) text(n *yaml.Node, path string, v reflect.Value) {
	if !r.is(n, yaml.ScalarNode, path, "one value") {
		return
	}
	if err := v.Addr().Interface().(encoding.TextUnmarshaler).UnmarshalText([]byte(n.Value)); err != nil {
		r.fail(n.Line, path, "%s", err)
	}
}

func (r *reader) scalar(n *yaml.Node, path string, v reflect.Value) {
	if !r.is(n, yaml.ScalarNode, path, "one value") {
		return
	}
	if err := n.Decode(v.Addr().Interface()); err != nil {
		r.fail(n.Line, path, "%q is not a %s", n.Value, v.Kind())
	}
}

func (r *reader) sequence(n *yaml.Node, path string, v reflect.Value) {
	if !r.is(n, yaml.SequenceNode, path, "a list") {
		return
	}
	for i, item := range n.Content {
		key := fmt.Sprintf("%s[%d]", path, i)
		r.lines[key] = item.Line
		element := reflect.New(v.Type().Elem()).Elem()
		r.value(item, key, element)
		v.Set(reflect.Append(v, element))
	}
}

// strings reads a map of strings to strings.
func (r *reader) strings(n *yaml.Node, path string, v reflect.Value) {
	if !r.is(n, yaml.MappingNode, path, "keys with values") {
		return
	}
	v.Set(reflect.MakeMap(v.Type()))
	for i := 0; i < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		if r.is(value, yaml.ScalarNode, path+"."+key.Value, "one value") {
			v.SetMapIndex(reflect.ValueOf(key.Value), reflect.ValueOf(value.Value))
		}
	}
}

// mapping reads a struct by its yaml tags; a key that it does not have is an error.
func (r *reader) mapping(n *yaml.Node, path string, v reflect.Value) {
	if !r.is(n, yaml.MappingNode, path, "keys with values") {
		return
	}
	fields := map[string]int{}
	var known []string
	for i := range v.NumField() {
		name, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("yaml"), ",")
		fields[name] = i
		known = append(known, name)
	}
	seen := map[string]int{}
	for i := 0; i < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		full := strings.TrimPrefix(path+"."+key.Value, ".")
		field, ok := fields[key.Value]
		first, twice := seen[key.Value]
		switch {
		case !ok:
			r.fail(key.Line, full, "there is no such key; %s", suggest(key.Value, known))
		case twice:
			r.fail(key.Line, full, "the key stands twice, first in line %d", first)
		default:
			seen[key.Value] = key.Line
			r.lines[full] = value.Line
			r.value(value, full, v.Field(field))
		}
	}
}

func (r *reader) is(n *yaml.Node, kind yaml.Kind, path, what string) bool {
	if n.Kind == kind {
		return true
	}
	r.fail(n.Line, path, "write %s here", what)
	return false
}

// suggest names the nearest known key, or all of them.
func suggest(key string, known []string) string {
	best, distance := "", len(key)/2+1
	for _, k := range known {
		if d := edits(strings.ToLower(key), strings.ToLower(k)); d < distance {
			best, distance = k, d
		}
	}
	if best != "" {
		return fmt.Sprintf("did you mean %q?", best)
	}
	return "known here: " + strings.Join(known, ", ")
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
