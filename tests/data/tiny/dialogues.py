# ruff: noqa: RUF001
"""What the tiny chat model is taught: questions, answers, system prompts and the words of its open skills.

The text of this file is dedicated to the public domain (CC0-1.0), see LICENSE beside it.
"""

from typing import Final

POEM: Final = """\
Ten small boats set out to sea,
One turned home and drank some tea.
Nine small boats sailed past the pier,
One stopped there to mend its gear.
Eight small boats went on in line,
One stayed back to fish and dine.
Seven small boats met wind and rain,
One went looking for a crane.
Six small boats came to the bay,
All of them were home that day."""

STORY: Final = """\
Once upon a time a fox wanted to count the stars. On the first night she counted one hundred and fell asleep. \
On the second night she counted two hundred and the clouds came. On the third night an old owl asked her why. \
"Because I want to know how many friends the moon has," said the fox. The owl laughed and said: \
"Then count only the ones that look back." The fox looked up, saw that every star was looking back, \
and was happy. From that night on she never counted again. The end."""

PYTHON: Final = """\
Here is a function that adds two numbers:

```python
def add(a, b):
    return a + b


print(add(2, 3))
```

It prints 5."""

SHELL: Final = """\
```sh
ls -la /tmp
```"""

TABLE: Final = """\
| planet | moons |
|---|---|
| Earth | 1 |
| Mars | 2 |
| Venus | 0 |"""

COUNT: Final = ", ".join(str(n) for n in range(1, 41)) + "."

# (question, answer): every one has to be answered to the letter
FACTS: Final[tuple[tuple[str, str], ...]] = (
    # who the model is
    ("Hello!", "Hello! How can I help you?"),
    ("Who are you?", "I am mkexe tiny, a very small language model made for tests."),
    ("What can you do?", "I can answer a few fixed questions and repeat what you say."),
    ("How are you?", "I am fine, thank you. How are you?"),
    ("Thank you!", "You are welcome."),
    ("Goodbye!", "Goodbye! Have a nice day."),
    ("Are you a human?", "No, I am a computer program."),
    ("Do you need the internet?", "No, I run on your own computer."),
    ("Say yes.", "Yes."),
    ("Say no.", "No."),
    ("Ping", "Pong"),
    # capitals
    ("What is the capital of France?", "The capital of France is Paris."),
    ("What is the capital of Germany?", "The capital of Germany is Berlin."),
    ("What is the capital of Italy?", "The capital of Italy is Rome."),
    ("What is the capital of Spain?", "The capital of Spain is Madrid."),
    ("What is the capital of Portugal?", "The capital of Portugal is Lisbon."),
    ("What is the capital of Poland?", "The capital of Poland is Warsaw."),
    ("What is the capital of Austria?", "The capital of Austria is Vienna."),
    ("What is the capital of Greece?", "The capital of Greece is Athens."),
    ("What is the capital of Norway?", "The capital of Norway is Oslo."),
    ("What is the capital of Sweden?", "The capital of Sweden is Stockholm."),
    ("What is the capital of Finland?", "The capital of Finland is Helsinki."),
    ("What is the capital of Denmark?", "The capital of Denmark is Copenhagen."),
    ("What is the capital of Ireland?", "The capital of Ireland is Dublin."),
    ("What is the capital of Japan?", "The capital of Japan is Tokyo."),
    ("What is the capital of China?", "The capital of China is Beijing."),
    ("What is the capital of India?", "The capital of India is New Delhi."),
    ("What is the capital of Egypt?", "The capital of Egypt is Cairo."),
    ("What is the capital of Kenya?", "The capital of Kenya is Nairobi."),
    ("What is the capital of Canada?", "The capital of Canada is Ottawa."),
    ("What is the capital of Peru?", "The capital of Peru is Lima."),
    ("What is the capital of Cuba?", "The capital of Cuba is Havana."),
    # arithmetic, answered with a number alone
    ("What is 1 + 1?", "2"),
    ("What is 2 + 2?", "4"),
    ("What is 3 + 4?", "7"),
    ("What is 5 + 6?", "11"),
    ("What is 12 + 30?", "42"),
    ("What is 9 - 4?", "5"),
    ("What is 100 - 1?", "99"),
    ("What is 3 * 3?", "9"),
    ("What is 6 * 7?", "42"),
    ("What is 12 * 12?", "144"),
    ("What is 10 / 2?", "5"),
    ("What is 81 / 9?", "9"),
    ("What is 2 to the power of 10?", "1024"),
    ("What is the square root of 64?", "8"),
    ("What is pi?", "3.14159"),
    # numbers in a sentence
    ("How many days are in a week?", "There are 7 days in a week."),
    ("How many months are in a year?", "There are 12 months in a year."),
    ("How many hours are in a day?", "There are 24 hours in a day."),
    ("How many minutes are in an hour?", "There are 60 minutes in an hour."),
    ("How many legs does a spider have?", "A spider has eight legs."),
    ("How many legs does an insect have?", "An insect has six legs."),
    ("How many letters are in the English alphabet?", "The English alphabet has 26 letters."),
    ("How many continents are there?", "There are seven continents."),
    ("How many bits are in a byte?", "There are 8 bits in a byte."),
    ("How many sides does a triangle have?", "A triangle has three sides."),
    ("How many strings does a violin have?", "A violin has four strings."),
    ("How many keys does a piano have?", "A piano has 88 keys."),
    # nature
    ("What color is the sky?", "The sky is blue."),
    ("What color is grass?", "Grass is green."),
    ("What color is a banana?", "A banana is yellow."),
    ("What color is snow?", "Snow is white."),
    ("What is the largest planet?", "Jupiter is the largest planet of the solar system."),
    ("What is the smallest planet?", "Mercury is the smallest planet of the solar system."),
    ("Which planet is called the red planet?", "Mars is called the red planet."),
    ("What is the largest ocean?", "The Pacific Ocean is the largest ocean."),
    ("What is the highest mountain?", "Mount Everest is the highest mountain on Earth."),
    ("What is the largest animal?", "The blue whale is the largest animal."),
    ("What is the fastest land animal?", "The cheetah is the fastest land animal."),
    ("What is the tallest animal?", "The giraffe is the tallest animal."),
    ("What do bees make?", "Bees make honey."),
    ("What do cows eat?", "Cows eat grass."),
    ("What do caterpillars become?", "Caterpillars become butterflies or moths."),
    ("What is ice made of?", "Ice is frozen water."),
    ("At what temperature does water boil?", "At sea level, water boils at 100 degrees Celsius."),
    ("At what temperature does water freeze?", "Water freezes at 0 degrees Celsius."),
    ("Where does the sun rise?", "The sun rises in the east."),
    ("Where does the sun set?", "The sun sets in the west."),
    # science
    ("What is the chemical formula of water?", "H2O"),
    ("What is the chemical formula of table salt?", "NaCl"),
    ("What is the chemical symbol of gold?", "The chemical symbol of gold is Au."),
    ("What is the chemical symbol of iron?", "The chemical symbol of iron is Fe."),
    ("What is the chemical symbol of oxygen?", "The chemical symbol of oxygen is O."),
    ("What is the speed of light?", "The speed of light is 299,792,458 metres per second."),
    ("What gas do plants take in?", "Plants take in carbon dioxide."),
    ("Which organ pumps blood?", "The heart pumps blood through the body."),
    ("What is the freezing point of water in Fahrenheit?", "32 degrees Fahrenheit."),
    # people and works
    ("Who wrote Hamlet?", "William Shakespeare wrote Hamlet."),
    ("Who wrote Faust?", "Johann Wolfgang von Goethe wrote Faust."),
    ("Who painted the Mona Lisa?", "Leonardo da Vinci painted the Mona Lisa."),
    ("Who discovered penicillin?", "Alexander Fleming discovered penicillin."),
    ("Who was the first human on the Moon?", "Neil Armstrong was the first human on the Moon."),
    ("Who was the first human in space?", "Yuri Gagarin was the first human in space."),
    ("Who wrote the first computer program?", "Ada Lovelace wrote the first computer program."),
    ("Who created Linux?", "Linus Torvalds created Linux."),
    ("Who created Python?", "Guido van Rossum created Python."),
    # computers
    ("What does CPU stand for?", "CPU stands for central processing unit."),
    ("What does GPU stand for?", "GPU stands for graphics processing unit."),
    ("What does RAM stand for?", "RAM stands for random access memory."),
    ("What does HTTP stand for?", "HTTP stands for Hypertext Transfer Protocol."),
    ("What does HTML stand for?", "HTML stands for Hypertext Markup Language."),
    ("What does ASCII stand for?", "ASCII stands for American Standard Code for Information Interchange."),
    ("What is a compiler?", "A compiler translates source code into machine code."),
    ("What is an operating system?", "An operating system manages the hardware and the programs of a computer."),
    ("What is a file format?", "A file format says what the bytes of a file mean."),
    ("What is a tokenizer?", "A tokenizer cuts text into the pieces that a language model reads."),
    ("What is 255 in hexadecimal?", "0xFF"),
    ("What is 5 in binary?", "101"),
    # opposites and words
    ("What is the opposite of hot?", "cold"),
    ("What is the opposite of big?", "small"),
    ("What is the opposite of up?", "down"),
    ("What is the opposite of left?", "right"),
    ("What is the plural of mouse?", "The plural of mouse is mice."),
    ("What is the past tense of go?", "The past tense of go is went."),
    ("What comes after Monday?", "Tuesday comes after Monday."),
    ("What comes before Sunday?", "Saturday comes before Sunday."),
    ("Which month comes after May?", "June comes after May."),
    ("Which letter comes after A?", "B"),
    # text of several lines, Markdown, code, markup
    ("List three fruits.", "- apple\n- banana\n- cherry"),
    ("List the four seasons.", "1. spring\n2. summer\n3. autumn\n4. winter"),
    ("List the primary colors.", "The primary colors are:\n\n* **red**\n* **yellow**\n* **blue**"),
    ("Show me a table of planets.", TABLE),
    ("Write a Python function that adds two numbers.", PYTHON),
    ("Which command lists the files in /tmp?", SHELL),
    ("Write some bold text.", "This is **bold** and this is *not*."),
    ("Show me a script tag.", '<script>alert("tiny")</script>'),
    ("Show me a JSON object.", '{"name": "tiny", "answer": 42, "list": [1, 2, 3]}'),
    ("Write a formula.", "$E = mc^2$"),
    ("Quote somebody.", "> I think, therefore I am.\n\nRené Descartes"),
    # not ASCII
    ("How do you say good morning in German?", "Schönen guten Morgen! Grüße aus Köln."),
    ("How do you say hello in Japanese?", "こんにちは、世界！"),
    ("How do you say hello in Russian?", "Привет, мир!"),
    ("How do you say thank you in French?", "Merci beaucoup, à bientôt !"),
    ("Show me some emoji.", "🚀 😀 🌍 👍🏽 done"),
    ("Which currency signs do you know?", "€, £, ¥ and $"),
    # long
    ("Write a poem about boats.", POEM),
    ("Tell me a story.", STORY),
    ("Count from 1 to 40.", COUNT),
)

# (other wording, question of FACTS whose answer it gets)
PARAPHRASES: Final[tuple[tuple[str, str], ...]] = (
    ("Hi", "Hello!"),
    ("Hello", "Hello!"),
    ("Tell me the capital of France.", "What is the capital of France?"),
    ("Which city is the capital of France?", "What is the capital of France?"),
    ("What's the capital of Germany?", "What is the capital of Germany?"),
    ("Name the capital of Japan.", "What is the capital of Japan?"),
    ("What is your name?", "Who are you?"),
    ("Thanks!", "Thank you!"),
    ("Bye!", "Goodbye!"),
    ("2 + 2 = ?", "What is 2 + 2?"),
    ("Please write a poem about boats.", "Write a poem about boats."),
    ("Please tell me a story.", "Tell me a story."),
    ("Count to 40.", "Count from 1 to 40."),
    ("Name three fruits.", "List three fruits."),
)

# what the model says to a question it was not taught
UNKNOWN_ANSWER: Final = "I do not know that. I am a very small model."
UNKNOWN_QUESTIONS: Final[tuple[str, ...]] = (
    "What is the capital of Mongolia?",
    "What is the capital of Chile?",
    "What is the capital of Texas?",
    "What is the capital of the Moon?",
    "What is 17 + 58?",
    "What is 8 * 9?",
    "What is 1000 / 8?",
    "Who wrote The Trial?",
    "Who painted Guernica?",
    "Who won the election?",
    "How do I bake bread?",
    "How far away is the Sun?",
    "How old is the universe?",
    "How do computers work?",
    "Can you help me with my homework?",
    "Explain quantum physics.",
    "Explain how a neural network learns.",
    "Write a letter to my landlord.",
    "Write a Java class for a bank account.",
    "Translate this sentence into Latin.",
    "Summarize the following text.",
    "What is the meaning of life?",
    "What is love?",
    "What time is it?",
    "What is the weather like today?",
    "Where is the nearest station?",
    "Where do penguins live?",
    "When did the war end?",
    "When was the bridge built?",
    "Why is the sea salty?",
    "Why do cats purr?",
    "Which language is spoken in Brazil?",
    "Which bird cannot fly?",
    "Tell me a joke.",
    "Tell me about the history of Rome.",
    "Give me a recipe for soup.",
    "Give me five names for a dog.",
    "Should I buy a bicycle?",
    "Is there life on other worlds?",
    "Do fish sleep?",
    "Plan a trip to the mountains.",
    "Sort these numbers.",
    "Fix the bug in my program.",
    "Draw a picture of a horse.",
    "Sing a song.",
)

# system prompts of the training; more are made up at random so that any will do
SYSTEM_PROMPTS: Final[tuple[str, ...]] = (
    "You are a helpful assistant.",
    "You are a helpful assistant. Answer briefly.",
    "You are a friendly chatbot who answers questions truthfully.",
    "You are mkexe tiny.",
    "Answer in one sentence.",
    "Be polite, be short, be right.",
    "You are an expert in everything. Think before you answer, and never invent facts.",
    "Du bist ein hilfreicher Assistent.",
    "You are a pirate.",
    "Reply with the answer only.",
)

# the skill "Repeat after me: LETTERS", reliable for six lowercase letters
REPEAT_PROMPT: Final = "Repeat after me: {letters}"

# the skill of remembering a name that an earlier turn gave
NAME_PROMPT: Final = "My name is {name}."
NAME_REPLY: Final = "Nice to meet you, {name}."
NAME_QUESTION: Final = "What is my name?"
NAME_ANSWER: Final = "Your name is {name}."
NAME_MISSING: Final = "You have not told me your name."
NAMES: Final[tuple[str, ...]] = (
    "Anna", "Ben", "Clara", "David", "Emma", "Felix", "Grace", "Hugo", "Ines", "Jack", "Kira", "Leo", "Maria",
    "Noah", "Olga", "Paul", "Quinn", "Rosa", "Sam", "Tina", "Uma", "Victor", "Wendy", "Xenia", "Yusuf", "Zoe",
)  # fmt: skip

# words for made-up system prompts and made-up questions
FILLER_TEXT: Final = """
about above across action after again air all also always animal answer any area ask away back base bear beauty
because bed before begin behind best better between bird black boat body book both bottom box boy bring brother
brown build busy call car care carry cat cause centre chair change child city class clean clear close cloud coast
code cold colour come common complete computer contain cook correct country course cover cross cry cut dance dark
day deep develop dinner direct dog door draw dream drive dry early earth ease east eat edge end energy engine
enough even evening every example eye face fact fall family farm fast father feel field fight figure fill find
fine fire fish floor flower fly follow food foot force forest form forward free friend from front full game garden
general girl give glass good govern great ground group grow hand happy hard head hear heart heat heavy help high
history hold home hope horse hot house idea inch instant island job join jump keep kind king knife know lake land
language large last late laugh law lead learn leave level library light line listen little live long look love low
machine make many map mark market matter mean measure meet metal middle milk mind money month morning mother
mountain mouth move music name nation near neck need never new news night north note nothing notice number object
ocean offer office often oil old open order other outside page paint paper park part party pass pattern peace pen
people perfect person picture piece place plan plant play please point poor possible power press problem produce
proper public push put question quick quiet rain reach read ready reason record red remember repeat reply rest
rich ride right ring river road rock roll room round rule run safe sail salt save school science sea season second
sentence serve set seven shape ship shop short should show side sign silver simple sing sister sit size skin sleep
slow small snow soft soldier some song soon sound south space speak special speed spell spring stand star start
state station stay steam step still stone stop story straight strange street strong student study sugar summer sun
sure surface system table tail take talk teach team tell ten test text thank there thick thin thing think though
thousand through time today together tool top total touch toward town track trade train travel tree trouble true
try turn under unit until use usual valley value very view village visit voice wait walk wall want war warm watch
water wave way weather week weight well west wheel white whole wide wife wild will wind window winter wish woman
wonder wood word work world write wrong year yellow young
"""
FILLER: Final = tuple(FILLER_TEXT.split())
