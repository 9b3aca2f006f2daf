package hiring

// FileCategory is what a file is for (contract section 4.1).
type FileCategory string

// The categories.
const (
	FileLogo       FileCategory = "LOGO"
	FileResume     FileCategory = "RESUME"
	FileScreenshot FileCategory = "SCREENSHOT"
	FileDocument   FileCategory = "DOCUMENT"
)
