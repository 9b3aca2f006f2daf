package plan

// Protected reports whether a text asks a person about a trait that must play
// no part in hiring, and which. It looks for the question, not for the word:
// "how old is the code" and "who used the age filter" are fine. The traits are
// those of title VII of the US Civil Rights Act, the ADEA, the ADA, GINA and
// article 21 of the EU Charter of Fundamental Rights.
//
// It serves plans, the words a recruiter wants said and the output of language
// models alike.
func Protected(text string) (trait string, found bool) {
	words := tokens(split(text))
	for _, t := range traits {
		if anyMatch(t.phrases, words) {
			return t.name, true
		}
	}
	return "", false
}

var traits = []struct {
	name    string
	phrases []phrase
}{
	{"age", compileAll(`
		how old are|were you
		what is|was your age|birthday|birthdate
		your age|birthday|birthdate|birth
		your date of birth
		year|when were|was you born
		year * you * born
		year did you * graduate
		when do|will you * retire
		your * retirement plans
		which generation are|do you
	`)},
	{"family plans or marital status", compileAll(`
		are you * married|single|engaged|divorced|widowed|pregnant|expecting
		your marital|relationship|family status
		your * husband|wife|spouse|boyfriend|girlfriend|maiden
		do|have|will you * have|want|plan|planning|got * children|kids|family|baby
		your children|kids|pregnancy|childcare
		plan|planning|intend|want to * have|start * children|kids|family|baby
		who looks|takes|cares * children|kids
	`)},
	{"religion or belief", compileAll(`
		your * religion|religious|faith|beliefs
		what religion|church|faith
		are you * religious|christian|muslim|jewish|hindu|buddhist|catholic|atheist
		do you * pray|church|mosque|synagogue|temple
		you * believe in god
		which * holidays do you * celebrate|observe
	`)},
	{"origin, race or nationality", compileAll(`
		where are|were you|your|you * from originally|originally
		where are|were you * originally
		where were you born
		where * parents|family * from|born
		your * nationality|ethnicity|citizenship|birthplace
		your race|accent|skin * $
		your ethnic|racial|skin background|origin|color|colour
		your country of birth|origin
		your native|mother language|tongue
		are you a|an * citizen|immigrant|foreigner
		what race|ethnicity|nationality are|is
	`)},
	{"health or disability", compileAll(`
		your own|physical|mental|general health
		your health|disability|disabilities|illness|illnesses|impairment|medication|weight|height $
		your health|medical condition|conditions|history|record|records|problems|issues|status|situation
		do|have you have|had|suffer a|any|from|some disability|disabilities|illness|illnesses|disease|impairment|impairments|surgery|surgeries
		do|have you have|had|suffer a|any|from|some physical|mental|medical|chronic|serious|health disability|disabilities|illness|condition|conditions|disease|impairment|problems|issues
		are you * disabled|ill|sick|handicapped|healthy $
		are you disabled|ill|sick|handicapped
		how many sick days
		do you take * medication|medicine|drugs
		been|are|were you * hospitalized|hospitalised
		your genetic * information|history
	`)},
	{"sex, gender or orientation", compileAll(`
		your gender|sex|sexuality|pronouns
		your sexual
		are you * gay|lesbian|straight|bisexual|transgender|trans|queer|heterosexual|homosexual
		are you a man|woman|male|female|boy|girl
		as a man|woman|mother|father how|what|do|are|can|would
	`)},
	{"politics or union membership", compileAll(`
		who did|do|would|will you vote
		your political|politics|vote
		which|what party do|did you
		are you * in|member * union|party
	`)},
}
