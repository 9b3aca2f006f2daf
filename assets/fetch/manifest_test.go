package main

import (
	"strings"
	"testing"
)

func TestTheCommittedManifestIsSoundAndItsLicencesExist(t *testing.T) {
	t.Parallel()
	raw, err := committed.ReadFile("manifest.json")
	if err != nil {
		t.Fatal(err)
	}
	m, err := parseManifest(raw)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, p := range m.Packages {
		if p.What == "" || p.Without == "" {
			t.Errorf("%s does not say what it is for", p.id())
		}
		for _, l := range p.Licences {
			if _, err := committed.ReadFile("licences/" + l); err != nil {
				t.Error(err)
			}
		}
		for _, name := range p.targets() {
			if seen[name] {
				t.Errorf("two packages write %s", name)
			}
			seen[name] = true
		}
	}
}

func TestAManifestMustPinEverything(t *testing.T) {
	t.Parallel()
	const good = `{"packages":[{"name":"@a/b","version":"1.2.3","integrity":"` + digest + `","what":"w","without":"n","files":[{"from":"package/x","to":"x"}]}]}`
	if _, err := parseManifest([]byte(good)); err != nil {
		t.Fatalf("the good manifest: %v", err)
	}
	for name, change := range map[string][2]string{
		"a range of versions":         {`"1.2.3"`, `"^1.2.3"`},
		"a tag":                       {`"1.2.3"`, `"latest"`},
		"an option for a name":        {`"@a/b"`, `"--registry=x"`},
		"a URL for a name":            {`"@a/b"`, `"https://example.com/x.tgz"`},
		"no digest":                   {digest, ""},
		"a weaker digest":             {digest, "sha1-2jmj7l5rSw0yVb/vlWAYkK/YBwk="},
		"a digest of the wrong size":  {digest, "sha512-AAAA"},
		"no files":                    {`{"from":"package/x","to":"x"}`, ""},
		"a target outside the folder": {`"to":"x"`, `"to":"../x"`},
		"an absolute target":          {`"to":"x"`, `"to":"/x"`},
		"the folder itself":           {`"to":"x"`, `"to":"."`},
		"an unknown converter":        {`"to":"x"`, `"to":"x","convert":"magic"`},
		"an unknown key":              {`"what"`, `"hwat"`},
		"no JSON":                     {`{"packages"`, `packages`},
	} {
		bad := strings.Replace(good, change[0], change[1], 1)
		if bad == good {
			t.Fatalf("%s: the change changed nothing", name)
		}
		if _, err := parseManifest([]byte(bad)); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

const digest = "sha512-V0zh+X1K2GVXPTZb+31OpcDaoEF2wGe8cVbJVzkDoodp8eS4oHVPoaM+0RiwkGXcHAmpYjOD06Ksrv9GsJrqXA=="
