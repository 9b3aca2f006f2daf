package api

import (
	"bytes"
	"errors"
	"io"
	"mime/multipart"
	"testing"
	"unicode/utf8"

	"github.com/vantahire/vantahire/hiring"
)

// FuzzUpload: whatever the form, it is read within its bounds or refused by a 4xx.
func FuzzUpload(f *testing.F) {
	const limit = 1000
	for _, seed := range []string{
		"--x\r\nContent-Disposition: form-data; name=\"category\"\r\n\r\nLOGO\r\n--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.png\"\r\nContent-Type: image/png\r\n\r\n\x89PNG\r\n--x--\r\n",
		"--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"../a\"\r\nContent-Type: ;\r\nContent-Transfer-Encoding: base64\r\n\r\nAAAA\r\n--x--", "--x--", "--x\r\n\r\n\r\n--x\r\n", "", "\x00",
		"--x\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\n1\r\n--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"b\"\r\n\r\n2\r\n--x--",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		u := &upload{fields: map[string]string{}}
		err := u.read(multipart.NewReader(bytes.NewReader(body), "x"), func(map[string]string) (int64, error) { return limit, nil })
		if u.spool != nil {
			defer func() { _ = u.spool.Close() }()
		}
		var p *problem
		if err != nil {
			if !errors.Is(err, errFileTooLarge) && (!errors.As(err, &p) || p.status/100 != 4) {
				t.Fatalf("%v", err)
			}
			return
		}
		for name, value := range u.fields {
			if !utf8.ValidString(value) || len(value) > maxField {
				t.Errorf("%q is %q", name, value)
			}
		}
		if u.spool == nil {
			return
		}
		raw, err := io.ReadAll(u.content())
		if err != nil || int64(len(raw)) != u.size || u.size > limit || !bytes.HasPrefix(raw, u.head) || !bytes.Contains(body, raw) {
			t.Errorf("%d bytes of %d, %v", len(raw), u.size, err)
		}
		_ = hiring.FileName(u.name)
	})
}
