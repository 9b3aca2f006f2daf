package plan

var salesFamily = family{
	name: "sales",
	titles: compileAll(`
		sales|seller|salesperson|salesman|saleswoman|retail|cashier
		account executive|manager
		business development
		real estate
	`),
	vocabulary: stems(`sell selling sale sales customer client deal deals close closed price discount negotiate negotiation pipeline lead leads quota
		target prospect prospects cold call calls pitch contract demo account accounts revenue commission store shop product objection
		competitor crm territory relationship trust upsell`),
	questions: []Question{
		question("best-sale", "a sale you made",
			"Tell me about a sale that was hard to win. How did you win it?",
			"What was your hardest sale, and how did you make it?",
			"customer client price deal need trust call offer",
			"what the customer needed", "what made the difference"),
		question("lost-sale", "a sale you lost",
			"Describe a customer you lost. What did you learn from that?",
			"When did you lose a customer, and why?",
			"customer lost price competitor late need learn",
			"what you would do differently today", "how you noticed it"),
		question("objection", "customers who hesitate",
			"What do you do when a customer says that the price is too high?",
			"What do you say when something is too expensive for a customer?",
			"value price listen need compare discount ask",
			"the last time that happened", "when you let a customer go"),
		question("new-customers", "finding customers",
			"How do you find new customers?",
			"Where do your new customers come from?",
			"call network lead event mail research recommend",
			"what works best for you", "how you prepare for a first talk"),
		question("target", "reaching a target",
			"Tell me about a time when you were about to miss your target.",
			"When did you nearly miss your goal, and what did you do?",
			"target goal month number plan call extra team",
			"what you did first", "how it ended"),
		question("long-customer", "keeping customers",
			"How do you keep a customer for many years?",
			"What do you do so that customers stay?",
			"trust call visit service help honest contact",
			"a customer who stayed", "what you do when something goes wrong"),
	},
}

var supportFamily = family{
	name: "support",
	titles: compileAll(`
		support|helpdesk|receptionist|concierge
		customer success|service|care|experience
		help desk
		call center|centre|agent
		service agent|representative|desk
	`),
	vocabulary: stems(`customer customers ticket tickets call calls chat phone email complaint angry calm patient listen solution escalate refund
		issue reply response queue knowledge article help desk service satisfaction account technical explain apologize polite follow`),
	questions: []Question{
		question("angry-customer", "an angry customer",
			"Tell me about a customer who was very angry. What did you do?",
			"What did you do when a customer was angry?",
			"customer angry calm listen sorry solve refund call",
			"how you calmed the customer down", "how it ended"),
		question("hard-case", "a difficult case",
			"Describe a customer problem that nobody could solve at first. How did you go on?",
			"What was the hardest customer problem you had?",
			"problem customer team search ask test solution engineer",
			"who helped you", "what you told the customer meanwhile"),
		question("many-tickets", "many requests at once",
			"How do you work when many customers are waiting at the same time?",
			"What do you do when too many customers wait?",
			"priority urgent queue order quick time team",
			"how you choose who comes first", "how you stay calm"),
		question("explain-simple", "explaining things simply",
			"How do you explain something technical to a person who is not technical?",
			"How do you explain difficult things in simple words?",
			"simple step example picture listen slow question",
			"a time when that was hard", "how you know that they understood"),
		question("say-no-customer", "what you can't do for a customer",
			"What do you do when a customer wants something that you are not allowed to give?",
			"How do you tell a customer that something is not possible?",
			"no rule explain offer manager honest alternative",
			"the last time that happened", "what you offered instead"),
		question("improve-service", "making service better",
			"Tell me about something you changed so that customers needed less help.",
			"What did you make better for your customers?",
			"article change process team product report idea",
			"how you got the idea", "what became of it"),
	},
}

var marketingFamily = family{
	name: "marketing",
	titles: compileAll(`
		marketing|marketer|brand|content|copywriter|communications|seo|growth|advertising|journalist|editor|pr
		social media
		public relations
	`),
	vocabulary: stems(`campaign campaigns brand audience advertising ads advert social media content post posts channel channels conversion click clicks
		traffic search website newsletter email budget target segment message copy writing video event influencer launch awareness
		analytics engagement followers lead leads press story`),
	questions: []Question{
		question("campaign", "a campaign of yours",
			"Tell me about a campaign that worked well. What was your part in it?",
			"What was your best campaign, and what did you do for it?",
			"campaign customer channel message result budget audience brand",
			"how you measured the result", "the idea behind it"),
		question("failed-campaign", "a campaign that did not work",
			"Describe a campaign that did not work. What did you learn?",
			"When did a campaign fail, and why?",
			"campaign result wrong audience message budget learn test",
			"when you noticed it", "what you changed afterwards"),
		question("audience", "knowing the audience",
			"How do you find out what your audience cares about?",
			"How do you learn what people like?",
			"research survey talk data test comment customer",
			"something that surprised you", "how you used it"),
		question("budget", "using a small budget",
			"How would you use a small budget to bring a new product to market?",
			"What would you do first with little money and a new product?",
			"channel test cheap social mail event customer measure",
			"what you would try first", "how you would know that it works"),
		question("writing", "writing well",
			"How do you make sure that a text is clear and fits the brand?",
			"How do you check a text before it goes out?",
			"read short voice tone edit test word style",
			"a text you are proud of", "what you cut first"),
		question("trend", "new trends",
			"Tell me about a new trend in your field. What do you think of it?",
			"What is new in marketing, and do you like it?",
			"trend video social tool new search people",
			"how you would use it", "what could go wrong with it"),
	},
}

var operationsFamily = family{
	name: "operations",
	titles: compileAll(`
		operations|operator|logistics|warehouse|driver|supply|procurement|buyer|production|manufacturing|mechanic|electrician|planner
		technician|chef|cook|waiter|waitress|cleaner|guard|office|administrative|assistant|secretary|coordinator|courier|hospitality
		store|shop|plant|shift|facility|branch manager|lead|supervisor
	`),
	vocabulary: stems(`process supplier suppliers stock inventory order orders delivery truck warehouse shift schedule machine machines safety
		maintenance quality line production shipment route cost delay checklist staff equipment repair tool tools kitchen guest guests
		office calendar travel booking invoice document documents`),
	questions: []Question{
		question("process", "making work run better",
			"Tell me about a process that you made better. What did you change?",
			"What did you change so that the work went better?",
			"process time change faster team cost step quality",
			"how you noticed the problem", "what it saved in the end"),
		question("breakdown", "when something breaks down",
			"Describe a day when something important went wrong. What did you do?",
			"What did you do when something important failed?",
			"late machine customer call team fix plan order",
			"what you did first", "how you kept it from happening again"),
		question("safety", "safe work",
			"How do you make sure that the work is done safely?",
			"What do you do to keep the work safe?",
			"safety rule check training equipment report stop",
			"a time when you stopped something", "how you talk to people who do not care"),
		question("schedule", "planning the work",
			"How do you plan a busy week?",
			"What do you do first when a busy week begins?",
			"plan list order priority schedule team deadline",
			"what you do when the plan fails", "how you tell the others"),
		question("suppliers", "working with partners",
			"Tell me about a difficult partner or supplier. How did you deal with them?",
			"What did you do when a partner did not keep a promise?",
			"supplier call contract late quality talk agree",
			"how it ended", "what you would do earlier today"),
		question("details", "paying attention to details",
			"Tell me about a time when a small detail made a big difference.",
			"When was a small thing very important in your work?",
			"detail check number mistake found order careful",
			"how you found it", "what would have happened otherwise"),
	},
}
