//! The lists that courts use, and how a bare timestamp answers each point (LAW.md, n-04).
//!
//! Facts about texts, not advice: each row names the text and its year, and what is
//! not shown is said. A certificate or a package answers more; a token answers this.

use proof::report::Language;

/// How far a result answers a point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// By the comparison of content and digest.
    Integrity,
    /// By the time in the token; who acted is not in it.
    TimeOnly,
    /// By anyone repeating the check.
    Repeatable,
    /// In part, as the row says.
    Partly,
    /// Not at all.
    NotShown,
}

/// One point of one list.
pub struct Point {
    law: [&'static str; 2],
    asks: [&'static str; 2],
    says: [&'static str; 2],
    /// How far it is answered.
    pub answer: Answer,
}

fn pick(texts: [&'static str; 2], language: Language) -> &'static str {
    match language {
        Language::En => texts[0],
        Language::Zh => texts[1],
    }
}

impl Point {
    /// The text, its article and its year.
    #[must_use]
    pub fn law(&self, language: Language) -> &'static str {
        pick(self.law, language)
    }

    /// What the text asks.
    #[must_use]
    pub fn asks(&self, language: Language) -> &'static str {
        pick(self.asks, language)
    }

    /// What a token answers.
    #[must_use]
    pub fn says(&self, language: Language) -> &'static str {
        pick(self.says, language)
    }
}

const EVIDENCE_93: [&str; 2] = [
    "SPC Provisions on Evidence in Civil Procedure (2019), art. 93",
    "《最高人民法院关于民事诉讼证据的若干规定》（2019）第九十三条",
];
const INTERNET_11: [&str; 2] = [
    "SPC Provisions on Internet Courts (2018), art. 11",
    "《最高人民法院关于互联网法院审理案件若干问题的规定》（2018）第十一条",
];
const ONLINE: [&str; 2] = [
    "People's Courts Online Litigation Rules (2021), arts. 16 to 18",
    "《人民法院在线诉讼规则》（2021）第十六至十八条",
];

/// Every point, in the order of the texts.
pub const POINTS: [Point; 12] = [
    Point {
        law: EVIDENCE_93,
        asks: [
            "Were the systems complete, reliable, running normally and monitored?",
            "软硬件环境是否完整、可靠，是否正常运行，有无监测手段？",
        ],
        says: [
            "A token does not hold the state of the system. Where the authority keeps a public journal of clock and keys, it is there.",
            "令牌不含系统状态。签发机构如有公开的时钟与密钥日志，可在其中查阅。",
        ],
        answer: Answer::NotShown,
    },
    Point {
        law: EVIDENCE_93,
        asks: [
            "Was it kept, carried and extracted completely, by reliable means?",
            "是否被完整保存、传输、提取，方法是否可靠？",
        ],
        says: ["From the time in the token on, one changed bit would show.", "自令牌时间起，任何一位改动都会显现。"],
        answer: Answer::Integrity,
    },
    Point {
        law: EVIDENCE_93,
        asks: [
            "Was it formed in normal activity, and kept by a proper subject?",
            "是否在正常往来活动中形成和存储，保存主体是否适当？",
        ],
        says: ["Not in a token.", "令牌不载。"],
        answer: Answer::NotShown,
    },
    Point {
        law: INTERNET_11,
        asks: ["Was the environment of generation safe?", "生成所依赖的系统环境是否安全、可靠？"],
        says: ["Not in a token.", "令牌不载。"],
        answer: Answer::NotShown,
    },
    Point {
        law: INTERNET_11,
        asks: ["Are subject and time of generation clear?", "生成主体和时间是否明确？"],
        says: [
            "The time: a bound, no later than. The subject is not in a token.",
            "时间：为上限，即不晚于。主体不载于令牌。",
        ],
        answer: Answer::TimeOnly,
    },
    Point {
        law: INTERNET_11,
        asks: ["Is the method of extraction reliable and repeatable?", "提取和固定的方法是否可靠，过程是否可以重现？"],
        says: [
            "Anyone can repeat this check, here, on the command line or with OpenSSL.",
            "任何人都可在本页、命令行或以 OpenSSL 重复核验。",
        ],
        answer: Answer::Repeatable,
    },
    Point {
        law: INTERNET_11,
        asks: ["Is it free of additions, deletions and alterations?", "内容是否存在增加、删除、修改及不完整等情形？"],
        says: ["From the time in the token on, one changed bit would show.", "自令牌时间起，任何一位改动都会显现。"],
        answer: Answer::Integrity,
    },
    Point {
        law: INTERNET_11,
        asks: ["Can it be verified by specific means?", "能否通过特定形式得到验证？"],
        says: ["By digest, signature and log proof, as above.", "可通过摘要、签名与日志证明核验，见上。"],
        answer: Answer::Repeatable,
    },
    Point {
        law: ONLINE,
        asks: ["After it was recorded: does the check agree?", "存证之后：核验是否一致？"],
        says: ["See file match and timestamp above.", "见上文文件比对与时间戳真伪。"],
        answer: Answer::Integrity,
    },
    Point {
        law: ONLINE,
        asks: [
            "Before it was recorded: source, generation, storage; and how the platform is related to the party.",
            "存证之前：来源、生成、存储；平台与当事人的利害关系。",
        ],
        says: ["Not in a token.", "令牌不载。"],
        answer: Answer::NotShown,
    },
    Point {
        law: ["US Federal Rules of Evidence 902(13), 902(14)", "美国《联邦证据规则》902(13)、902(14)"],
        asks: [
            "Data identified by its digest, certified by a qualified person.",
            "以摘要识别的数据，并由适格人员出具书面证明。",
        ],
        says: [
            "The digest is here. The certification is a person's to give.",
            "摘要已列出；书面证明须由适格人员出具。",
        ],
        answer: Answer::Partly,
    },
    Point {
        law: ["Regulation (EU) No 910/2014 (eIDAS), art. 41", "欧盟第 910/2014 号条例（eIDAS）第四十一条"],
        asks: [
            "Not refused for being electronic; a qualified timestamp is presumed accurate.",
            "不因其电子形式被拒；合格时间戳推定准确。",
        ],
        says: [
            "Whether the authority was qualified at that time was not checked.",
            "未核查签发机构当时是否为合格服务提供者。",
        ],
        answer: Answer::Partly,
    },
];
