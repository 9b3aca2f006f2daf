package configs

import (
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"
)

// Fault is one wrong setting.
type Fault struct {
	Key   string
	Value string // as it was set, but "[set]" for secrets and without a URL's password
	Fix   string
}

// Error names the key, the value and the fix.
func (f *Fault) Error() string {
	if f.Value == "" {
		return fmt.Sprintf("%s is not set; %s", f.Key, f.Fix)
	}
	return fmt.Sprintf("%s is %q; %s", f.Key, f.Value, f.Fix)
}

// LookupFunc finds an environment variable, like os.LookupEnv.
type LookupFunc func(key string) (value string, set bool)

// Load reads and checks the configuration. The error joins a *Fault per wrong
// setting; what concerns several settings is checked once each is right by
// itself. A variable that is set to nothing counts as not set.
func Load(lookup LookupFunc) (Config, error) {
	var (
		cfg    Config
		faults []error
	)
	for _, k := range Keys(&cfg) {
		value, from, err := k.find(lookup)
		if err == nil {
			err = k.set(value, from)
		}
		if err != nil {
			faults = append(faults, err)
		}
	}
	if len(faults) == 0 {
		faults = cfg.validate()
	}
	return cfg, errors.Join(faults...)
}

// Key is one setting: its names, bounds and place in the struct.
type Key struct {
	Names   []string // the first is the one to use
	Default string
	field   reflect.Value
	tag     reflect.StructTag
}

// Keys lists all settings of cfg in the order of the struct.
func Keys(cfg *Config) []Key {
	var keys []Key
	root := reflect.ValueOf(cfg).Elem()
	for i := range root.NumField() {
		section := root.Field(i)
		for j := range section.NumField() {
			tag := section.Type().Field(j).Tag
			keys = append(keys, Key{
				Names: strings.Split(tag.Get("env"), ","), Default: tag.Get("default"),
				field: section.Field(j), tag: tag,
			})
		}
	}
	return keys
}

// Secret reports whether the value must not be shown.
func (k Key) Secret() bool { return k.field.Type() == reflect.TypeFor[Secret]() }

// find takes the first name that is set. Two names with different values
// contradict each other, and neither is preferred silently.
func (k Key) find(lookup LookupFunc) (value, from string, err error) {
	value, from = k.Default, k.Names[0]
	found := ""
	for _, name := range k.Names {
		v, _ := lookup(name)
		v = strings.TrimSpace(v)
		if v == "" {
			continue
		}
		if found == "" {
			value, from, found = v, name, v
			continue
		}
		if v != found {
			return "", "", &Fault{name, k.show(v), fmt.Sprintf("it contradicts %s, which means the same; remove one of them", from)}
		}
	}
	return value, from, nil
}

// show is the value as a fault may tell it.
func (k Key) show(value string) string {
	if k.Secret() {
		return Secret(value).String()
	}
	if form := k.tag.Get("check"); (form == "origin" || form == "url") && strings.Contains(value, "@") {
		return shown // somebody put a password there, which is the fault to tell
	}
	return value
}

// set parses and bounds one value.
func (k Key) set(value, from string) error {
	fault := func(fix string) error { return &Fault{from, k.show(value), fix} }
	if list := k.tag.Get("oneof"); list != "" && value != "" && !contains(list, value) {
		return fault("use one of " + strings.ReplaceAll(list, " ", ", "))
	}
	switch k.field.Interface().(type) {
	case string, Secret:
		if n, err := strconv.Atoi(k.tag.Get("minlen")); err == nil && value != "" && len(value) < n {
			return fault(fmt.Sprintf("use at least %d characters", n))
		}
		if value != "" {
			if fix := checkForm(k.tag.Get("check"), value); fix != "" {
				return fault(fix)
			}
		}
		k.field.SetString(value)
	case bool:
		b, err := strconv.ParseBool(value)
		if err != nil {
			return fault("use true or false")
		}
		k.field.SetBool(b)
	case int:
		n, err := strconv.Atoi(value)
		low, high := k.tag.Get("min"), k.tag.Get("max")
		if err != nil {
			return fault(fmt.Sprintf("use a whole number from %s to %s", low, high))
		}
		if lowest, _ := strconv.Atoi(low); n < lowest {
			return fault(fmt.Sprintf("use at least %s", low))
		}
		if highest, _ := strconv.Atoi(high); n > highest {
			return fault(fmt.Sprintf("use at most %s", high))
		}
		k.field.SetInt(int64(n))
	case time.Duration:
		d, err := time.ParseDuration(value)
		low, high := k.tag.Get("min"), k.tag.Get("max")
		if err != nil {
			return fault(fmt.Sprintf("use a duration like %s", k.Default))
		}
		if least, _ := time.ParseDuration(low); d < least {
			return fault(fmt.Sprintf("use at least %s", low))
		}
		if most, _ := time.ParseDuration(high); d > most {
			return fault(fmt.Sprintf("use at most %s", high))
		}
		k.field.SetInt(int64(d))
	default:
		panic(fmt.Sprintf("configs: %s has the unknown type %s", k.Names[0], k.field.Type()))
	}
	return nil
}

func contains(list, value string) bool {
	for item := range strings.FieldsSeq(list) {
		if item == value {
			return true
		}
	}
	return false
}
