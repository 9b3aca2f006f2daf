package worker

// loadVoice loads libflite.
func loadVoice() (voice, error) { return loadFlite() }

// loadEars loads pocketsphinx and begins to make the first decoder.
func loadEars(modelDir string) (decoders, error) {
	s, err := loadSphinx(modelDir)
	if err != nil {
		return nil, err
	}
	return newDecoderPool(func() (pooled, error) { return s.newDecoder() }), nil
}
