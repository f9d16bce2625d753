//! The rules for urgency: which words mean which danger, to which trade.

use crate::kinds::Trade::{Electrical, GarageDoor, Hvac, Locksmith, Plumbing};
use crate::kinds::{Danger, Level, Trade, When};

/// One rule: any of its patterns.
pub(crate) struct Rule {
    /// None: every trade's.
    pub trades: &'static [Trade],
    pub danger: Danger,
    pub level: Level,
    pub when: When,
    pub patterns: &'static [&'static str],
}

const fn now(trades: &'static [Trade], danger: Danger, patterns: &'static [&'static str]) -> Rule {
    Rule {
        trades,
        danger,
        level: Level::Emergency,
        when: When::Always,
        patterns,
    }
}

const fn when(
    trades: &'static [Trade],
    danger: Danger,
    when: When,
    patterns: &'static [&'static str],
) -> Rule {
    Rule {
        trades,
        danger,
        level: Level::Emergency,
        when,
        patterns,
    }
}

const fn soon(trades: &'static [Trade], danger: Danger, patterns: &'static [&'static str]) -> Rule {
    Rule {
        trades,
        danger,
        level: Level::Urgent,
        when: When::Always,
        patterns,
    }
}

pub(crate) const RULES: &[Rule] = &[
    // Every trade.
    now(
        &[],
        Danger::Gas,
        &[
            "smell~|smelt|stinks * gas",
            "gas smell|odor|odour|leak|leaking|leaks|fumes",
            "rotten_egg|rotten_eggs",
            "gas * hiss~|leaking",
            "hiss~ * gas",
            "leak~ gas",
            "reek~ * gas",
        ],
    ),
    now(
        &[],
        Danger::CarbonMonoxide,
        &[
            "carbon_monoxide * alarm|detector|alert|going|went|beep~|reading|poisoning|leak|high",
            "carbon_monoxide",
            "co|co2 alarm|detector|monitor * going|went|beep~|sound~|chirp~|scream~|alarm~|off|says|reads",
            "co alarm|detector|monitor",
        ],
    ),
    now(
        &[],
        Danger::Fire,
        &[
            "on fire",
            "caught|catching|catch fire",
            "flame|flames * shooting|coming|out|from|inside|behind",
            "smok~ * coming|from|out|pouring|billowing|filling|filled|behind|inside",
            "smell~|smelt * burning|smoke|burnt|smoking|burned",
            "burning|burnt|smoky|smoke|smokey smell|odor|plastic|rubber|wire|wires|wiring",
            "see|saw|seeing * smoke|flames",
            "is|started|starts|starting|began|keeps|its smoking",
            "full_of smoke",
            "smoke everywhere",
            "house|garage|panel|outlet|wall * fire",
        ],
    ),
    now(
        &[],
        Danger::Trapped,
        &[
            "baby|child|kid|kids|toddler|infant|newborn|son|daughter|dog|puppy|cat|grandson|granddaughter|nephew|niece|mom|mother|dad|grandma|grandmother * locked|stuck|trapped|inside_alone|shut",
            "locked|stuck|trapped|shut * baby|child|kid|kids|toddler|infant|newborn|son|daughter|dog|puppy|cat|mom|mother|grandma|grandmother|dad|husband|wife",
            "trapped|pinned|crushed",
            "i|im|we|were|hes|shes|she|he * trapped",
            "cant|cannot get out",
            "stuck|trapped inside",
            "locked|stuck inside|in * bathroom|bedroom|room|closet|house|apartment|basement",
            "stuck * elevator|under",
        ],
    ),
    // Water.
    now(
        &[Plumbing],
        Danger::Water,
        &[
            "burst|bursting",
            "pipe|pipes|line|main|hose|valve|heater * broke|broken|exploded|snapped|busted|blew|popped|ruptured|cracked_open",
            "broke|busted|ruptured|exploded * pipe|line|main|valve",
            "flood~",
            "sewage|sewer|poop|feces|raw_sewage * back~|coming|up|everywhere|overflow~|in|floor|tub|shower|basement",
            "backing|backed|back|coming up * tub|shower|toilet|drain|sink|basement",
            "toilet|sink|tub|drain|washer|shower|bathtub|sump|heater * overflow~|overflowed|running_over|spilling",
            "overflow~ * toilet|sink|tub|floor|everywhere",
            "water|its|it * everywhere|all_over|pouring|gushing|spraying|shooting|rushing|spewing",
            "pouring|gushing|spraying|shooting|rushing|spewing|streaming|raining * water|ceiling|wall|pipe|faucet|out|everywhere|through|down|from",
            "water * through|from|out_of|down * ceiling|light|lights|wall|walls|outlet|chandelier|fixture",
            "ceiling * collaps~|caving|caved|sagging|bulging|falling|coming_down|dripping_fast",
            "leak~|dripping|drips|water * ceiling|outlet|panel|breaker|light|lights|electrical|chandelier",
            "ceiling * leak~|dripping|water",
            "cant|cannot|wont|can_not|doesnt|not * shut_off|turn_off|shut|stop|turn * water|valve|it|leak|off",
            "water wont|will_not|doesnt|does_not|cant * stop|shut|turn",
            "inches|inch|foot|feet|ankle_deep|standing * water * basement|floor|house|kitchen|everywhere|garage",
            "ankle_deep|standing_water",
            "basement * under_water|underwater|filling|full_of_water|water",
            "water * filling|coming_in|coming_into|rising|seeping_fast",
            "sump_pump|sump * failed|dead|stopped|died|quit|not_working|broke",
            "frozen|froze pipe|pipes",
            "pipe|pipes * frozen|froze",
        ],
    ),
    when(
        &[Plumbing],
        Danger::Water,
        When::Frail,
        &[
            "no water",
            "no hot_water",
            "toilet * clogged|wont_flush|not_flushing|doesnt_flush",
        ],
    ),
    soon(
        &[Plumbing],
        Danger::Water,
        &[
            "leak~",
            "clog~",
            "backed_up|backing_up",
            "no hot_water|water",
            "dripping * fast|constantly|through",
            "only toilet|bathroom",
        ],
    ),
    // Electricity.
    now(
        &[],
        Danger::Shock,
        &[
            "spark~ * outlet|panel|breaker|wire|wires|box|switch|plug|out|from|when|fixture|light|meter|furnace|unit|socket|everywhere",
            "outlet|panel|breaker|wire|wires|box|switch|plug|fixture|light|meter|unit|socket|its|is|are|it|started|was * spark~",
            "sparks|sparking",
            "shocked|electrocut~|zapped",
            "electric|electrical shock",
            "shock|shocks|shocking * when|me|touch|everyone|us",
            "got|getting|gave|gives|giving * shock|shocks",
            "arcing|arced|arcs",
        ],
    ),
    now(
        &[Electrical],
        Danger::Shock,
        &[
            "outlet|panel|breaker|breaker_box|wire|wires|switch|plug|socket|fuse_box|box|meter * hot|burning|smok~|melt~|sizzl~|popping|crackl~|burnt|burned|scorch~|charred|black|glowing|warm_to|buzzing_loud|humming_loud",
            "hot|burning|melted|melting|scorched|charred|sizzling|crackling|glowing * outlet|panel|breaker|wire|wires|switch|plug|socket|fuse_box|box",
            "power_line|powerline|power_lines|line|lines|wire|wires|service_drop|mast * down|fell|hanging|ripped|snapped|torn|on_the_ground|in_the_yard",
            "downed|down|fallen|live|exposed power_line|powerline|line|lines|wire|wires|wiring",
            "live|exposed|bare * wire|wires|wiring",
            "water * panel|outlet|breaker|electrical|box|socket|light|fixture|meter",
            "panel|outlet|breaker|outlets|meter * wet|water|flooded|submerged|underwater",
            "tree * power_line|line|lines|wires|mast|meter",
            "crackling|sizzling|buzzing * wall|panel|outlet|breaker|behind|loud~",
            "panel|breaker|wall|outlet * crackl~|sizzl~|buzzing",
            "hit|cut|drilled|nailed|severed * wire|line|cable|conduit",
        ],
    ),
    when(
        &[Electrical],
        Danger::Shock,
        When::Frail,
        &[
            "no power|electricity",
            "lost|lose power|electricity",
            "power|electricity * out|off|gone",
        ],
    ),
    now(
        &[Electrical],
        Danger::Shock,
        &[
            "whole|entire house|home|building|place * no_power|dark|out|without_power|lost_power|no_electricity",
            "no power|electricity * whole|entire|at_all|anywhere",
            "lost|no power|electricity * whole|entire house|home|building",
        ],
    ),
    soon(
        &[Electrical],
        Danger::Shock,
        &[
            "no power|electricity",
            "lost power",
            "power * out|off",
            "breaker * trip~|tripping|wont_reset",
            "flicker~",
            "half|part * house * power|out|dark|lights",
        ],
    ),
    // Heat and cold.
    when(
        &[Hvac, Plumbing],
        Danger::Climate,
        When::Cold,
        &[
            "no heat|heating",
            "without heat|heating",
            "heat|heater|heating|furnace|boiler|heat_pump * out|off|dead|died|stopped|quit|broke|broken|down|failed|isnt_working|not_working|isnt_coming|not_coming|wont|doesnt_work|not_turning|not_heating|cold|gone|shut",
            "blowing|blows cold",
            "lost heat",
            "furnace|boiler|heater * wont|will_not|cant|doesnt|not|isnt",
        ],
    ),
    when(
        &[Hvac],
        Danger::Climate,
        When::Heat,
        &[
            "no ac|a_c|air|cooling|air_conditioning|air_conditioner",
            "ac|a_c|air_conditioner|air_conditioning|air|cooling * out|off|dead|died|stopped|quit|broke|broken|down|failed|isnt|not|wont|doesnt|gone|blowing_hot|blowing_warm",
            "blowing|blows hot|warm",
        ],
    ),
    now(
        &[Hvac],
        Danger::Water,
        &[
            "flood~",
            "boiler|furnace|radiator|unit|pipe * burst|exploded|gushing|spraying|pouring",
            "water * pouring|gushing|spraying|everywhere|through * ceiling?",
            "water * ceiling",
            "refrigerant * leak~|hiss~|spray~",
        ],
    ),
    now(
        &[Hvac],
        Danger::Fire,
        &[
            "furnace|boiler|heater|unit|compressor * bang|banging|boom|explod~|flame|flames|smok~|glowing|red_hot|overheat~",
        ],
    ),
    soon(
        &[Hvac],
        Danger::Climate,
        &[
            "leak~",
            "frozen|iced",
            "thermostat * blank|dead",
            "strange|loud|weird noise|noises",
        ],
    ),
    // Locks.
    when(
        &[Locksmith],
        Danger::Trapped,
        When::Frail,
        &[
            "locked out",
            "locked|lost|left|forgot * key|keys",
            "key|keys * inside|locked|stuck|broke|snapped|lost",
            "lock|deadbolt|door * jammed|stuck|wont_open|broken",
        ],
    ),
    when(
        &[Locksmith],
        Danger::Climate,
        When::Cold,
        &["locked out", "key|keys * inside|locked|in_the_car"],
    ),
    now(
        &[Locksmith],
        Danger::Fire,
        &[
            "locked|left|inside|out|pot|pan * stove|oven|candle|candles|iron|burner|food_on|water_running|bath_running",
            "stove|oven|candle|burner|iron * on|lit|burning|inside",
        ],
    ),
    now(
        &[Locksmith],
        Danger::Intrusion,
        &[
            "broke|broken|break|breaking|broken_into|burglar~|intruder|kicked|robbed|robbery|burgled|forced * in|into|door|lock|house|home|apartment|my",
            "broke_in|break_in|breakin|burglar~|intruder|home_invasion|robbed|stalker|stalking",
            "tried|trying|attempt~|someone|somebody * get_in|break_in|to_get_in|pick|kick|force|open_my_door|enter",
            "stole|stolen|took|has|grabbed|mugged * keys|key|purse_with_my_keys|wallet",
            "ex|boyfriend|husband|abusive|abuser|stalker|restraining_order|domestic * key|keys|lock|locks|door|violent|threaten~|in",
            "door|lock|deadbolt|front_door * wont_lock|wont_close|cant_lock|doesnt_lock|not_lock|wont_shut|kicked_in|smashed|busted|wide_open|hanging",
            "cant|cannot|wont|unable_to lock|secure|close * door|house|home|store|shop|apartment|up|it",
            "violent|threatening|threatened|unsafe|not_safe|afraid|scared",
        ],
    ),
    now(
        &[Locksmith],
        Danger::Trapped,
        &[
            "stranded|alone * station? * night|dark|highway|parking|phone|dead|unsafe|side",
            "cant_get * medicine|medication|insulin|inhaler|oxygen",
            "medicine|medication|insulin|inhaler|oxygen|epipen * inside|locked|in",
            "bathroom|bedroom|safe_room * locked|stuck|jammed * inside|in",
        ],
    ),
    soon(
        &[Locksmith],
        Danger::Intrusion,
        &[
            "locked out",
            "lost|locked|broke|broken|snapped|stuck * key|keys",
            "key * broke|snapped|stuck",
            "rekey|change_the_locks * today|now|tonight",
            "wont turn|open|lock",
        ],
    ),
    // Garage doors.
    now(
        &[GarageDoor],
        Danger::Falling,
        &[
            "door|it * fell|falling|crashed|collapsed|dropped|slammed|came_down|come_down|coming_down|fell_down|fell_off|crashing|came_off",
            "fell|crashed|collapsed|dropped|slammed|came_down * on|car|me|truck|hard|floor|head",
            "hanging|dangling|tilted|crooked|leaning * one|side|car|cable|track|by|over|half|off|dangerous|open",
            "door * hanging|dangling|about_to_fall|going_to_fall|unstable|might_fall",
            "spring|cable|springs|cables * snapped|broke|exploded|shot|flew|popped|whipped * hit|hurt|car|hanging|open|down|crooked|inside|stuck|trapped|trap|bang",
            "spring * explod~|shot|flew",
            "hit|struck|hurt|injured|landed * me|my|head|hand|arm|leg|foot|son|daughter|kid|child|wife|husband|car",
            "finger|fingers|hand|arm|foot|leg * caught|stuck|crushed|smashed|pinched|bleeding",
            "caught|pinched * finger|fingers|hand|arm|foot",
            "off * track|tracks|rails * hanging|open|falling|car|inside|crooked|stuck_open|dangerous",
            "hit|ran|backed|drove|crashed * into * door|garage",
        ],
    ),
    now(
        &[GarageDoor],
        Danger::Trapped,
        &[
            "car|truck|van * stuck|trapped|cant_get * hospital|surgery|dialysis|chemo|labor|airport|flight|emergency|medical|doctor|work|er",
            "hospital|surgery|dialysis|chemo|labor|oxygen|emergency_room|wheelchair",
        ],
    ),
    now(
        &[GarageDoor],
        Danger::Intrusion,
        &[
            "wont|cant|cannot|will_not|doesnt|not close|shut|lock * night|overnight|dark|open|anyone|secure|leave|leaving|exposed|break|theft|neighborhood|alone|midnight|storm|hurricane",
            "stuck|wide open * night|overnight|leaving|leave|vacation|anyone|bad|secure|midnight|storm|cant_lock|dark",
            "broke_in|break_in|broken_into|kicked_in|burglar~|tried_to_break|pried|robbed|stolen|stole",
            "opens|opening by_itself|on_its_own|itself",
        ],
    ),
    soon(
        &[GarageDoor],
        Danger::Falling,
        &[
            "spring|cable|springs|cables * broke|broken|snapped|broken",
            "broken|snapped spring|cable|springs|cables",
            "wont|doesnt|cant|stuck open|close|shut|move|budge",
            "stuck * open|closed|halfway|shut",
            "off * track|tracks",
            "car|truck * stuck|trapped|inside",
        ],
    ),
];

/// Words of haste.
pub(crate) const SOON: &[&str] = &[
    "asap|urgent|urgently|emergency|immediately",
    "right_away|right_now|as_soon_as_possible",
    "today|tonight|this_morning|this_afternoon|this_evening",
    "cant wait",
    "need|needs * now",
];

/// Words by which a customer says that it can wait, or only asks.
pub(crate) const CALM: &[&str] = &[
    "not|isnt|not_an|isnt_an|not_really_an|no emergency|urgent|an_emergency|really_urgent|really_an_emergency",
    "no|not_in_a|not_a|isnt_any|not_any rush|hurry|big_deal",
    "nothing urgent",
    "whenever * can|free|available|convenient|have_time|get_a_chance|works|is_good",
    "not_an emergency",
    "false_alarm",
    "quote|estimate|estimates|price_list|how_much_do|how_much_would|how_much_is_it",
    "do|does you|your * offer|do|handle|provide|install|sell|service|cover",
    "are you able_to install",
    "wondering|curious|interested|planning|thinking|considering",
    "preventive|maintenance|tune_up|inspection|annual|remodel|renovation|upgrade|upgrading|install|installation|installed",
    "what * if|happens|should_i_do_if",
    "in_case|just_in_case",
    "warranty|invoice|receipt|bill|payment|refund",
    "next week|month|year|spring|summer|fall|winter",
    "movie|concert|game|show|article|read_that|blog",
];

/// Words by which a matter is over.
pub(crate) const PAST: &[&str] = &[
    "last week|month|year|winter|summer|spring|fall|time|january|february|march|april|may|june|july|august|september|october|november|december",
    "week|month|year|years|weeks|months|decade|days ago",
    "a|two|three|few while|weeks|months|years back|ago",
    "used_to",
    "already|was|been|got|all|its|is|now|has_been fixed|repaired|resolved|sorted|under_control|taken_care_of|replaced",
    "you|guy|your_tech|technician|he|they|someone who? fixed|repaired|replaced|came_and_fixed",
    "never_mind|nevermind|all_good_now|no_longer|all_set|false_alarm",
    "fixed_it|fixed_now|figured_it_out",
    "in 2019|2020|2021|2022|2023|2024|2025",
    "years ago",
];

/// The cold.
pub(crate) const COLD: &[&str] = &[
    "freez~|frozen|frost|snow|snowing|snowstorm|blizzard|ice|icy|winter",
    "below|under|minus|negative zero|freezing|degrees|40|50|30|20|10|32",
    "degrees|f|fahrenheit * inside|in_here|in_the_house|outside|tonight|house",
    "50|49|48|47|46|45|44|43|42|41|40|39|38|35|32|30|28|25|20|15|10|5 degrees",
    "so|really|very|getting|super cold",
    "cold * night|tonight|outside|house|here",
];

/// Great heat.
pub(crate) const HEAT: &[&str] = &[
    "90|91|92|93|94|95|96|97|98|99|100|101|102|103|104|105|106|107|108|110|112|115 degrees|in|inside|outside|f",
    "heat_wave|heatwave|heat_advisory|heat_stroke|scorching|sweltering|boiling|record_heat",
    "over|above|nearly|almost|its 90|95|100|105|110",
    "dangerously hot",
    "hot * baby|elderly|infant|cant_breathe|night",
];

/// Those whom little harms much.
pub(crate) const FRAIL: &[&str] = &[
    "baby|babies|infant|newborn|toddler|elderly|pregnant|disabled|oxygen|ventilator|cpap|dialysis|insulin|asthma|wheelchair|medical|hospice|chemo|premature",
    "mother|mom|father|dad|grandma|grandmother|grandfather|grandpa|parents|wife|husband|daughter|son|kid|kids|child|children|twins",
    "year|yr|month|months|week old",
    "8|9|80|85|88|90|91|92|93 year_old",
    "sick|ill|fever|surgery|recovering",
    "dog|puppy|cat|pets|pet",
    "nursing_home|daycare|assisted_living",
];

/// What has a dangerous word in its name.
pub(crate) const HARMLESS: &[&str] = &[
    "hot tub",
    "spark plug",
    "fire place|pit|alarm_test",
    "flood light|lights|insurance",
];
