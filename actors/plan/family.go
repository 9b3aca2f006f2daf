package plan

import "strings"

// family is a group of roles that are asked the same questions.
type family struct {
	name       string
	titles     []phrase // what their job titles contain; none for the general one
	vocabulary map[string]bool
	questions  []Question // at least two; the first two are musts
}

// familyOf finds the family of a role by its title; the general one when none
// fits. The order of families matters: a "sales engineer" sells.
func familyOf(role string) *family {
	words := split(role)
	title := make([]string, len(words))
	for i, w := range words {
		title[i] = w.norm
	}
	for i := range families {
		if anyMatch(families[i].titles, title) {
			return &families[i]
		}
	}
	return &generalFamily
}

// question builds an entry of the question banks.
func question(id, topic, text, simpler, keywords string, hints ...string) Question {
	return Question{
		ID: id, Topic: topic, Text: text, Simpler: simpler, MaxFollowUps: DefaultFollowUps, Budget: DefaultBudget,
		Keywords: strings.Fields(keywords), Hints: hints,
	}
}

var families = []family{
	healthcareFamily, humanResourcesFamily, salesFamily, financeFamily, supportFamily, marketingFamily,
	productFamily, designFamily, dataFamily, engineeringFamily, operationsFamily,
}

// What every plan has.
var (
	introduction = question("introduction", "your background",
		"To begin, please tell me a little about yourself and the work you do now.",
		"What kind of work do you do at the moment?",
		"work job company team role year experience study currently project",
		"what you do on a normal day", "the part of your work you like best")

	motivation = question("motivation", "why you are interested",
		"What made you interested in {role}?",
		"Why do you want this job?",
		"interest learn grow company product challenge career opportunity",
		"what you hope to find in this job", "what you want to do next")

	lastWord = question("last-word", "what you would like to add",
		"Before we finish, is there anything you would like to add?",
		"Is there anything else you want to say?",
		"", "what you have in mind")
)

// general questions are about how somebody works with others.
var general = []Question{
	question("conflict", "working with others",
		"Tell me about a time when you and a colleague did not agree. What did you do?",
		"When did you last disagree with somebody at work, and how did it end?",
		"colleague team manager agree opinion discuss decision talk listen",
		"how the two of you settled it", "what you would do differently today"),
	question("learning", "learning something new",
		"Tell me about something difficult you had to learn quickly.",
		"What was hard for you to learn, and how did you learn it?",
		"learn course book read practice tool new language study",
		"how you went about learning it", "how you used it afterwards"),
	question("mistake", "a mistake and what came after it",
		"Tell me about a mistake you made at work and what you learned from it.",
		"What went wrong once because of you, and what did you learn?",
		"mistake wrong error learn fix change team customer",
		"how you noticed it", "what you changed afterwards"),
	question("priorities", "setting priorities",
		"How do you decide what to do first when everything seems urgent?",
		"What do you do when you have too much work at once?",
		"priority urgent important deadline list plan manager ask",
		"the last time that happened", "what you do with the work that has to wait"),
	question("feedback", "feedback",
		"Tell me about feedback that changed the way you work.",
		"What did somebody tell you that made you work in a different way?",
		"feedback manager colleague review change improve listen",
		"what you did with it", "how it felt at first"),
	question("proud", "a result you are proud of",
		"Which result of your work are you most proud of, and what was your part in it?",
		"What have you done at work that makes you proud?",
		"project result team customer built launch goal achieve",
		"your own part in it", "what made it difficult"),
	question("change", "dealing with change",
		"Describe a situation in which your plans changed suddenly. How did you deal with it?",
		"When did your plans change at the last moment, and what did you do?",
		"plan change deadline customer team project adapt decision",
		"what you did first", "how it turned out"),
}

var generalFamily = family{
	name: "general",
	questions: []Question{
		question("responsibility", "your main responsibility",
			"What is the most important responsibility you have had at work?",
			"What was the most important thing you had to take care of at work?",
			"responsible responsibility team customer manage project budget",
			"what you did to get it right", "how you knew it went well"),
		question("problem", "a problem you solved",
			"Tell me about a difficult problem at work that you solved.",
			"What was a hard problem at work, and how did you solve it?",
			"problem solve solution team customer find cause",
			"the first step you took", "how it turned out"),
		question("quality", "doing good work",
			"How do you make sure that your work is done well?",
			"How do you check your own work?",
			"check review test quality list customer careful",
			"a time when that helped", "what you check first"),
		question("strength", "what you are good at",
			"What would your last manager say you are really good at?",
			"What are you good at?",
			"good strong team manager organize communicate reliable",
			"a situation that shows it", "where you would still like to improve"),
		question("teamwork", "working in a team",
			"Describe a team in which you worked really well. What was your part?",
			"Tell me about a good team you were in.",
			"team colleague together help lead role",
			"what made it a good team", "what you did for the others"),
		question("pressure", "working under pressure",
			"Tell me about a time when you had to work under pressure.",
			"When was your work very stressful, and what did you do?",
			"pressure stress deadline time team late",
			"what helped you", "how it ended"),
	},
}
