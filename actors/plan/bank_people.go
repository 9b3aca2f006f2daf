package plan

var humanResourcesFamily = family{
	name: "human-resources",
	titles: compileAll(`
		hr|recruiter|recruiting|recruitment|recruiters|talent
		human resources|resource
		people operations|partner|manager|lead|team
		training|learning and|specialist|manager|coordinator|development
	`),
	vocabulary: stems(`hire hiring candidate candidates recruit recruiting interview employee employees onboarding policy policies benefits payroll
		performance review culture training conflict law contract dismissal retention manager managers confidential conversation diversity
		job offer offers sourcing trust listen`),
	questions: []Question{
		question("hard-hire", "a difficult search",
			"Tell me about a position that was hard to fill. What did you do?",
			"Which job was hard to fill, and how did you fill it?",
			"candidate position search interview manager network team",
			"where you found the person", "what you changed on the way"),
		question("hard-talk", "a difficult conversation",
			"Describe a difficult conversation with an employee. How did you lead it?",
			"What was your hardest talk with an employee?",
			"employee manager listen talk problem honest calm agree",
			"how you prepared for it", "how it ended"),
		question("fairness", "fair decisions",
			"How do you make sure that decisions about people are fair?",
			"How do you keep decisions fair?",
			"same criteria question fair bias compare notes team",
			"a time when you stepped in", "what you check first"),
		question("trust", "keeping a confidence",
			"What do you do when an employee tells you something in confidence that others should know?",
			"What do you do with a secret that others should know?",
			"trust law tell manager listen ask limit",
			"where the limit is for you", "how you tell the employee"),
		question("new-people", "the first weeks of a new person",
			"How do you help new people in their first weeks?",
			"What do you do for somebody who is new?",
			"plan first day team meet training question",
			"something you changed about it", "how you know that it works"),
		question("managers", "advising managers",
			"Tell me about a manager who did not want your advice. What did you do?",
			"What did you do when a manager would not listen to you?",
			"manager advice listen data reason talk trust",
			"how it turned out", "what you would do differently today"),
	},
}

var financeFamily = family{
	name: "finance",
	titles: compileAll(`
		finance|financial|accountant|accounting|accounts|auditor|audit|controller|tax|treasury|bookkeeper|banker|banking|actuary|payroll|cfo
		investment|credit|risk analyst|manager|officer|associate
	`),
	vocabulary: stems(`account accounts accounting audit balance sheet budget cash flow forecast invoice invoices ledger tax taxes cost costs closing
		month quarter report reporting spreadsheet excel bank payment payments debt interest investment risk compliance control controls
		number numbers error reconcile expense revenue margin profit loss`),
	questions: []Question{
		question("number-error", "an error in the numbers",
			"Tell me about an error in the numbers that you found. How did you find it?",
			"When did you find a wrong number, and how?",
			"error number account check report compare invoice fix",
			"how you found it", "what you changed afterwards"),
		question("closing-books", "a tight deadline",
			"Describe a time when the numbers had to be ready and something was missing. What did you do?",
			"What did you do when numbers were missing and time was short?",
			"deadline month close missing call team estimate tell",
			"what you told the others", "what you did to avoid it the next time"),
		question("forecast", "planning ahead",
			"How do you make a plan for costs when much is uncertain?",
			"How do you plan money when you do not know what comes?",
			"forecast assume range history compare risk budget",
			"how close your last plan came", "what you leave open"),
		question("explain-numbers", "explaining numbers",
			"How do you explain numbers to people who do not work in finance?",
			"How do you explain numbers in simple words?",
			"simple chart story example compare question",
			"a time when that was hard", "what you leave out"),
		question("pressure-ethics", "doing the right thing",
			"What would you do if somebody asked you to make a number look better?",
			"What do you do when somebody wants a wrong number from you?",
			"no honest rule manager report law tell",
			"who you would talk to", "what you would write down"),
		question("finance-tools", "better tools",
			"Tell me about a task that you made faster with a better tool.",
			"Which work did you make faster, and how?",
			"tool spreadsheet automatic system time hour report",
			"how you got the idea", "how much time it saved"),
	},
}

var healthcareFamily = family{
	name: "healthcare",
	titles: compileAll(`
		nurse|nursing|doctor|physician|surgeon|caregiver|therapist|paramedic|pharmacist|midwife|dentist|dental|clinical|medical|hospital|radiographer
		health|healthcare|patient assistant|worker|aide|professional|manager|coordinator
		care assistant|worker|aide|home|giver
		health|healthcare
	`),
	vocabulary: stems(`patient patients care nurse nurses doctor doctors ward hospital clinic medicine medication treatment pain family emergency shift
		handover chart record hygiene safety infection symptom symptoms diagnosis bed surgery blood pressure heart monitor calm listen
		dose therapy medical health clinical`),
	questions: []Question{
		question("hard-patient", "a patient you remember",
			"Tell me about a patient whose care was difficult. What did you do?",
			"Which patient was hard to care for, and what did you do?",
			"patient care pain family doctor listen calm treatment",
			"what you did first", "how it turned out"),
		question("emergency", "an emergency",
			"Describe an emergency at work. What was your part in it?",
			"What did you do in an emergency?",
			"patient emergency doctor call team minute monitor heart",
			"what you did first", "what the team talked about afterwards"),
		question("care-safety", "safe care",
			"How do you make sure that no mistakes happen when you are tired or busy?",
			"How do you avoid mistakes on a busy day?",
			"check list medicine dose ask double team break",
			"a time when that helped", "what you check twice"),
		question("bad-news", "talking to families",
			"How do you talk to a family that is worried or upset?",
			"What do you say to a worried family?",
			"listen calm time honest explain question doctor",
			"a talk that you remember", "what you never say"),
		question("handover", "handing over work",
			"How do you hand over your work at the end of a shift?",
			"What do you tell the next person when your work ends?",
			"list patient note tell important record question",
			"something that was forgotten once", "what you always mention"),
		question("care-team", "working in a care team",
			"Tell me about a time when you did not agree with a doctor or a senior colleague.",
			"What did you do when you thought that a senior person was wrong?",
			"doctor agree patient ask explain safe team",
			"how you said it", "how it ended"),
	},
}
