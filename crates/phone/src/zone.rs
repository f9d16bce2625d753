//! Where a number is at home, as far as its digits tell: for whoever must not be disturbed at night.

use crate::E164;

/// The area codes of North America by their time zone. Where a code lies in two zones it has the one of most of its people.
const AREAS: &[(&str, &[u16])] = &[
    (
        "America/New_York",
        &[
            201, 202, 203, 207, 212, 215, 216, 220, 223, 227, 229, 234, 239, 240, 252, 267, 272,
            276, 283, 301, 302, 304, 305, 315, 321, 324, 326, 329, 330, 332, 336, 339, 347, 351,
            352, 363, 380, 386, 401, 404, 407, 410, 412, 413, 419, 423, 434, 436, 440, 443, 445,
            470, 472, 475, 478, 484, 502, 508, 513, 516, 518, 540, 551, 561, 567, 570, 571, 582,
            585, 603, 606, 607, 609, 610, 614, 617, 624, 631, 640, 645, 646, 656, 667, 678, 680,
            681, 686, 689, 703, 704, 706, 716, 717, 718, 724, 727, 728, 732, 740, 743, 754, 757,
            762, 770, 772, 774, 781, 786, 802, 803, 804, 813, 814, 821, 826, 828, 835, 838, 839,
            843, 845, 848, 854, 856, 857, 859, 860, 862, 863, 864, 865, 878, 904, 908, 910, 912,
            914, 917, 919, 929, 934, 937, 941, 943, 948, 954, 959, 973, 978, 980, 984,
        ],
    ),
    (
        "America/Detroit",
        &[
            231, 248, 269, 313, 517, 586, 616, 679, 734, 810, 906, 947, 989,
        ],
    ),
    (
        "America/Indiana/Indianapolis",
        &[260, 317, 463, 574, 765, 812, 930],
    ),
    (
        "America/Chicago",
        &[
            205, 210, 214, 217, 218, 219, 224, 225, 228, 235, 251, 254, 256, 262, 270, 274, 281,
            308, 309, 312, 314, 316, 318, 319, 320, 325, 327, 331, 334, 337, 346, 353, 361, 364,
            402, 405, 409, 414, 417, 430, 432, 447, 448, 464, 469, 479, 501, 504, 507, 512, 515,
            531, 534, 539, 557, 563, 572, 573, 580, 601, 605, 608, 612, 615, 618, 620, 621, 629,
            630, 636, 641, 651, 659, 660, 662, 682, 701, 708, 712, 713, 715, 726, 730, 731, 737,
            763, 769, 773, 779, 785, 806, 815, 816, 817, 830, 832, 847, 850, 861, 870, 872, 901,
            903, 913, 918, 920, 924, 931, 936, 938, 940, 945, 952, 956, 972, 975, 979, 985,
        ],
    ),
    (
        "America/Denver",
        &[
            303, 307, 385, 406, 435, 505, 575, 719, 720, 748, 801, 915, 970, 983,
        ],
    ),
    ("America/Boise", &[208, 986]),
    ("America/Phoenix", &[480, 520, 602, 623, 928]),
    (
        "America/Los_Angeles",
        &[
            206, 209, 213, 253, 279, 310, 323, 341, 350, 357, 360, 369, 408, 415, 424, 425, 442,
            458, 503, 509, 510, 530, 541, 559, 562, 564, 619, 626, 628, 650, 657, 661, 669, 702,
            707, 714, 725, 738, 747, 760, 775, 805, 818, 820, 831, 837, 840, 858, 909, 916, 925,
            949, 951, 971,
        ],
    ),
    ("America/Anchorage", &[907]),
    ("Pacific/Honolulu", &[808]),
    ("America/Puerto_Rico", &[340, 787, 939]),
    (
        "America/Toronto",
        &[
            226, 249, 263, 289, 343, 354, 365, 367, 382, 416, 418, 437, 438, 450, 468, 514, 519,
            548, 579, 581, 613, 647, 683, 705, 742, 753, 807, 819, 873, 905, 942,
        ],
    ),
    ("America/Halifax", &[428, 506, 782, 902]),
    ("America/St_Johns", &[709, 879]),
    ("America/Winnipeg", &[204, 431, 584]),
    ("America/Regina", &[306, 474, 639]),
    ("America/Edmonton", &[368, 403, 587, 780, 825, 867]),
    ("America/Vancouver", &[236, 250, 257, 604, 672, 778]),
];

/// Countries with one time zone, or with one in which nearly all of their people live, by their calling code.
const COUNTRIES: &[(&str, &str)] = &[
    ("27", "Africa/Johannesburg"),
    ("30", "Europe/Athens"),
    ("31", "Europe/Amsterdam"),
    ("32", "Europe/Brussels"),
    ("33", "Europe/Paris"),
    ("34", "Europe/Madrid"),
    ("351", "Europe/Lisbon"),
    ("353", "Europe/Dublin"),
    ("358", "Europe/Helsinki"),
    ("36", "Europe/Budapest"),
    ("39", "Europe/Rome"),
    ("40", "Europe/Bucharest"),
    ("41", "Europe/Zurich"),
    ("420", "Europe/Prague"),
    ("43", "Europe/Vienna"),
    ("44", "Europe/London"),
    ("45", "Europe/Copenhagen"),
    ("46", "Europe/Stockholm"),
    ("47", "Europe/Oslo"),
    ("48", "Europe/Warsaw"),
    ("49", "Europe/Berlin"),
    ("64", "Pacific/Auckland"),
    ("65", "Asia/Singapore"),
    ("81", "Asia/Tokyo"),
    ("82", "Asia/Seoul"),
    ("86", "Asia/Shanghai"),
    ("90", "Europe/Istanbul"),
    ("91", "Asia/Kolkata"),
    ("972", "Asia/Jerusalem"),
];

impl E164 {
    /// The IANA name of the time zone in which the number's area is. None: the number does not tell. A mobile number tells where it was
    /// given out, which is where its owner lives often enough to go by.
    #[must_use]
    pub fn time_zone(&self) -> Option<&'static str> {
        let digits = self.as_str().trim_start_matches('+');
        if let Some(national) = digits.strip_prefix('1') {
            let area: u16 = national.get(..3)?.parse().ok()?;
            let zone = AREAS.iter().find(|(_, codes)| codes.contains(&area));
            return zone.map(|(zone, _)| *zone);
        }
        let country = COUNTRIES.iter().find(|(code, _)| digits.starts_with(code));
        country.map(|(_, zone)| *zone)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn number_tells_its_time_zone_by_its_area() {
        for (number, zone) in [
            ("+12125550123", Some("America/New_York")),
            ("+13125550123", Some("America/Chicago")),
            ("+16025550123", Some("America/Phoenix")),
            ("+14155550123", Some("America/Los_Angeles")),
            ("+18085550123", Some("Pacific/Honolulu")),
            ("+16045550123", Some("America/Vancouver")),
            ("+442071234567", Some("Europe/London")),
            ("+919812345678", Some("Asia/Kolkata")),
            ("+18005550123", None),
            ("+15550109999", None),
            ("+61291234567", None),
        ] {
            let number = E164::parse(number).unwrap();
            assert_eq!(number.time_zone(), zone, "{number:?}");
        }
    }

    #[test]
    fn area_codes_stand_in_one_zone_only() {
        let mut all: Vec<u16> = AREAS
            .iter()
            .flat_map(|(_, codes)| codes.iter().copied())
            .collect();
        let count = all.len();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), count);
        assert!(all.iter().all(|code| (200..1000).contains(code)));
    }
}
