package soundcode

// interviewer and candidate are what is said in interviews.
var interviewer = []string{
	"Thank you for joining today, and welcome to this interview.",
	"I'd like to hear about a project you led, what went wrong, and how you fixed it.",
	"Please take your time; there is no hurry.",
	"How did you measure that the system was fast enough for 10,000 users?",
	"Could you walk me through the design of the service, step by step?",
	"What would you do differently if you started again today?",
	"That makes sense. Let's talk about teamwork next.",
	"Tell me about a time when you disagreed with a colleague.",
	"How do you decide which tests are worth writing?",
	"Thanks, that was very helpful. Do you have any questions for me?",
}

var candidate = []string{
	"Hello, yes, I can hear you well.",
	"I worked at a small company for three years, and we built a payment service in Go.",
	"It was a hard time, because nobody knew how the old system worked.",
	"Then I wrote tests, and it became better!",
	"I think I would ask for help earlier.",
	"A team of 4 people can do it if they talk to each other every day.",
	"We used PostgreSQL and Redis, about 2.5 million rows a day.",
	"My e-mail is jane.doe@example.com, and my number is 555-0142.",
	"Hm, let me think. Well, it depends on the size of the data.",
	"I'm not sure, but I'd say that it took us 6 weeks.",
}
