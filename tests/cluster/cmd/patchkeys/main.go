// patchkeys prints lib/patch_table.h: how the fields of the built-in types
// merge, from the patchStrategy and patchMergeKey tags of their structs. Only
// fields are kept that say so, or that lead to some that do.
package main

import (
	"fmt"
	"reflect"
	"sort"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/kubernetes/scheme"
	apiservice "k8s.io/kube-aggregator/pkg/apis/apiregistration/v1"
)

// table holds one array for each distinct set of fields.
type table struct {
	names map[string]string // contents to name
	done  map[reflect.Type]string
	used  map[string]bool
	out   strings.Builder
}

func elem(t reflect.Type) reflect.Type {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice {
		t = t.Elem()
	}
	return t
}

// rows are the lines of a struct's fields, embedded ones included.
func (b *table) rows(t reflect.Type) []string {
	var out []string
	for i := range t.NumField() {
		f := t.Field(i)
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		t := elem(f.Type)
		if name == "" && t.Kind() == reflect.Struct &&
			(strings.Contains(options, "inline") || f.Anonymous) {
			out = append(out, b.rows(t)...)
			continue
		}
		row := b.row(f, name)
		if row != "" {
			out = append(out, row)
		}
	}
	sort.Strings(out)
	return out
}

func (b *table) row(f reflect.StructField, name string) string {
	strategy := f.Tag.Get("patchStrategy")
	key := f.Tag.Get("patchMergeKey")
	sub := b.fields(elem(f.Type))
	if name == "" || name == "-" || (strategy == "" && key == "" && sub == "NULL") {
		return ""
	}
	flag := "0"
	for _, s := range strings.Split(strategy, ",") {
		switch s {
		case "merge":
			flag = "PATCH_LIST_MERGE"
		case "replace":
			flag = "PATCH_REPLACE"
		case "", "retainKeys":
		default:
			panic("unknown strategy " + s)
		}
	}
	return fmt.Sprintf("\t{ %q, %q, %s, %s },", name, key, flag, sub)
}

// fields is the name of the array of a type, "NULL" where nothing merges.
func (b *table) fields(t reflect.Type) string {
	if t.Kind() != reflect.Struct {
		return "NULL"
	}
	if name, ok := b.done[t]; ok {
		return name
	}
	b.done[t] = "NULL" // a type that contains itself has nothing to merge
	rows := b.rows(t)
	if len(rows) == 0 {
		return "NULL"
	}
	text := strings.Join(rows, "\n")
	name, ok := b.names[text]
	if !ok {
		name = b.name(t)
		b.names[text] = name
		fmt.Fprintf(&b.out, "static const struct patch_field %s[] = {\n%s\n"+
			"\t{ NULL, NULL, 0, NULL },\n};\n", name, text)
	}
	b.done[t] = name
	return name
}

// name is the type's, with a number where another has it.
func (b *table) name(t reflect.Type) string {
	name := t.Name()
	for i := 2; b.used[name]; i++ {
		name = fmt.Sprintf("%s_%d", t.Name(), i)
	}
	b.used[name] = true
	return name
}

func main() {
	b := &table{names: map[string]string{}, done: map[reflect.Type]string{},
		used: map[string]bool{}}
	all := scheme.Scheme.AllKnownTypes()
	all[schema.GroupVersionKind{Group: "apiregistration.k8s.io",
		Version: "v1", Kind: "APIService"}] = reflect.TypeFor[apiservice.APIService]()
	plain := b.fields(reflect.TypeFor[metav1.PartialObjectMetadata]())
	var roots []string
	for k, t := range all {
		if _, ok := t.FieldByName("ObjectMeta"); !ok || k.Version == "__internal" {
			continue
		}
		roots = append(roots, k.Group+" "+k.Version+" "+k.Kind)
	}
	sort.Strings(roots)
	var rows strings.Builder
	for _, r := range roots {
		k := strings.Split(r, " ")
		t := all[schema.GroupVersionKind{Group: k[0], Version: k[1], Kind: k[2]}]
		if name := b.fields(t); name != plain {
			fmt.Fprintf(&rows, "\t{ %q, %q, %q, %s },\n", k[0], k[1], k[2], name)
		}
	}
	fmt.Printf("/* Made by tests/cluster/cmd/patchkeys; do not edit. */\n"+
		"/* clang-format off */\n"+
		"%sstatic const struct patch_schema plain = { \"\", \"\", \"\", %s };\n"+
		"static const struct patch_schema schemas[] = {\n%s};\n/* clang-format on */\n",
		b.out.String(), plain, rows.String())
}
