package plan

var engineeringFamily = family{
	name: "engineering",
	titles: compileAll(`
		engineer|engineering|engineers|developer|developers|programmer|devops|sre|architect|architecture
		backend|frontend|fullstack|software|firmware|embedded|qa|tester|sysadmin|administrator|cto
		full stack
		tech|technical|technology lead|director
		back|front end
		site reliability
		web|cloud|network|security|systems|it specialist|analyst|technician|consultant|master
	`),
	vocabulary: stems(`code coding program programming server servers database databases api apis backend frontend cloud cluster kubernetes docker
		container microservice microservices deploy deployment pipeline release bug bugs debug debugging memory latency performance cache query
		queries language java python golang rust javascript typescript react library framework architecture design monolith migration migrate
		refactor refactoring unit integration testing monitoring metrics logs logging alert alerts outage incident network security
		algorithm function service request traffic load scale scaling thread queue message linux git branch merge interface
		hardware circuit mobile web browser page infrastructure terraform production feature features version platform engineer`),
	questions: []Question{
		question("system", "a system you built",
			"Tell me about a system you helped to build. What was your own part in it?",
			"What have you built, and which part of it did you do yourself?",
			"system service server database code team built design test user",
			"the hardest decision you made in it", "how you knew that it worked well"),
		question("failure", "a hard technical problem",
			"Describe the hardest technical problem you have solved. How did you find the cause?",
			"What was the hardest bug you ever fixed, and how did you find it?",
			"bug problem cause log test memory server error crash fix",
			"how you found the cause", "what you changed so that it would not come back"),
		question("code-quality", "code quality",
			"How do you make sure that the code you write is correct and easy to change?",
			"How do you know that your code is good?",
			"test review code simple document refactor automatic",
			"what you test first", "a case in which a review helped you"),
		question("trade-off", "a technical decision",
			"Tell me about a technical decision where you had to choose between two good options.",
			"When did you have to choose between two ways to build something?",
			"choose option decision time cost simple performance team",
			"what made you choose as you did", "whether you would choose the same today"),
		question("slow-system", "making something faster",
			"A service you own becomes slow. What do you look at first, and why?",
			"What would you check first if a program became slow?",
			"measure log database query load network memory profile cache",
			"how you would measure it", "a time when you made something faster"),
		question("code-review", "working on code with others",
			"How do you handle a code review in which you do not agree with the other person?",
			"What do you do when you and a reviewer do not agree?",
			"review comment agree team discuss reason style code",
			"the last time that happened", "what you do when nobody gives in"),
	},
}

var dataFamily = family{
	name: "data",
	titles: compileAll(`
		data|analytics|analyst|scientist|statistician|bi|ml|ai
		machine learning
		business intelligence
	`),
	vocabulary: stems(`data model models dataset query sql table tables dashboard report chart statistics statistical regression forecast
		prediction predict accuracy training feature features pipeline warehouse python notebook experiment hypothesis variance sample
		cluster classification neural network cleaning missing values metric metrics analysis analyze insight insights correlation
		spreadsheet excel database machine learning algorithm test significance bias`),
	questions: []Question{
		question("analysis", "an analysis you made",
			"Tell me about an analysis of yours that changed a decision.",
			"When did your numbers change what somebody decided?",
			"data analysis decision result report team model customer number",
			"how you got to the result", "what was decided in the end"),
		question("dirty-data", "data you could not trust",
			"Describe a time when the data was wrong or incomplete. What did you do?",
			"What did you do when your data was bad?",
			"missing wrong clean check source error data fix",
			"how you noticed it", "what you did so that it would not happen again"),
		question("model-choice", "choosing a method",
			"How do you decide which method or model fits a problem?",
			"How do you pick the right method?",
			"simple model test compare baseline accuracy data method",
			"a case where the simple method was better", "how you compare them"),
		question("explain-results", "explaining results",
			"How do you explain a difficult result to people who do not work with data?",
			"How do you explain numbers to other people?",
			"simple explain chart story question example people",
			"a time when that was hard", "what you leave out"),
		question("measure", "measuring success",
			"How would you find out whether a new feature really helps its users?",
			"How would you measure whether something new works?",
			"experiment test measure compare group metric user control",
			"what you would measure first", "what could mislead you"),
		question("data-tools", "your tools",
			"Which tools do you use most for your work, and why those?",
			"What tools do you work with?",
			"python sql tool database dashboard query notebook",
			"what you like about them", "what you miss in them"),
	},
}

var productFamily = family{
	name: "product",
	titles: compileAll(`
		product manager|owner|lead|director|management|analyst|head
		head|director|vp product|of product
		program|project manager|lead
		scrum|agile
	`),
	vocabulary: stems(`product roadmap feature features user users research backlog sprint release launch stakeholder stakeholders market
		requirement requirements prioritize story stories agile scrum metric metrics experiment prototype engineer engineers designer
		competitor pricing adoption retention conversion survey interview vision strategy scope risk milestone`),
	questions: []Question{
		question("product-launch", "a product you brought out",
			"Tell me about a product or feature you brought to its users. What was your part in it?",
			"What product did you bring to people, and what did you do for it?",
			"product feature user launch team customer release market",
			"the hardest decision on the way", "how you knew it was a success"),
		question("say-no", "saying no",
			"Describe a time when you had to say no to an important person. How did you do it?",
			"When did you have to refuse a wish, and how did you say it?",
			"no reason priority customer manager sales explain data",
			"how they took it", "what you offered instead"),
		question("next-feature", "choosing what to build",
			"How do you decide what the team should build next?",
			"How do you choose what comes next?",
			"priority value user cost customer data goal research",
			"what counts most for you", "a choice you got wrong"),
		question("user-needs", "understanding users",
			"How do you find out what users really need?",
			"How do you learn what people want?",
			"talk user interview test watch data question support",
			"something that surprised you", "what you do when users disagree"),
		question("late-project", "a project that ran late",
			"Tell me about a project that was going to be late. What did you do?",
			"What did you do when a project was late?",
			"deadline late scope team plan cut tell risk",
			"what you told the others", "what you would do earlier today"),
		question("engineers", "working with engineers",
			"How do you work with engineers who think that your plan is wrong?",
			"What do you do when the engineers do not like your plan?",
			"listen explain goal team discuss change reason trust",
			"a time when they were right", "how you keep their trust"),
	},
}

var designFamily = family{
	name: "design",
	titles: compileAll(`
		designer|design|ux|ui|illustrator|animator|creative|artist
		user experience|interface
		art director
	`),
	vocabulary: stems(`design designer user users interface screen prototype wireframe sketch color colors layout typography font usability research
		test accessibility figma component components style brand icon page mobile flow journey persona feedback critique visual
		illustration animation image graphic print logo`),
	questions: []Question{
		question("design-work", "a design of yours",
			"Tell me about a design you are proud of. What problem did it solve?",
			"Which of your designs do you like best, and what was it for?",
			"design user problem test screen page simple customer",
			"what you tried first", "how people used it in the end"),
		question("design-feedback", "feedback on a design",
			"Describe a time when people did not like your design. What did you do?",
			"What did you do when somebody did not like your work?",
			"feedback change listen test user client reason version",
			"what you changed", "what you defended"),
		question("design-process", "the way you design",
			"How do you get from a first idea to a finished design?",
			"What are your steps when you design something?",
			"research sketch prototype test user feedback idea",
			"the step that takes longest", "how you know that you are done"),
		question("design-users", "designing for all people",
			"How do you make sure that everybody can use what you design?",
			"How do you make a design easy for all people?",
			"test color text size reader contrast simple access keyboard",
			"something you learned from a user", "what you check first"),
		question("design-limits", "designing with limits",
			"Tell me about a time when there was not enough time or money for the design you wanted.",
			"What did you do when you could not build your best design?",
			"time cost simple cut priority engineer decision compromise",
			"what you gave up", "what you kept"),
		question("design-team", "working with developers",
			"How do you work with the people who build what you design?",
			"How do you work with developers?",
			"developer talk early document component review question team",
			"a time when it was difficult", "what you hand over to them"),
	},
}
