//! Every word of the verification that is not a finding's, in one table.
//!
//! Both languages stand side by side: a missing translation does not compile. A
//! browser gets the whole table, so that its scripts hold no sentence of their own.

use proof::report::Language;

macro_rules! words {
    ($($word:ident $name:literal $en:literal $zh:literal;)*) => {
        /// One word or sentence.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Word { $(#[doc = $en] $word,)* }

        impl Word {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$word),*];

            /// The name under which a script asks for it.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Self::$word => $name),* }
            }

            /// The text, with places `{name}` for values.
            #[must_use]
            pub fn text(self, language: Language) -> &'static str {
                match (self, language) {
                    $((Self::$word, Language::En) => $en, (Self::$word, Language::Zh) => $zh,)*
                }
            }
        }
    };
}

words! {
    // The verdict, in two sentences: is it genuine, and is it the same.
    Genuine "genuine" "The timestamp is genuine." "时间戳是真的。";
    Unconfirmed "unconfirmed" "The timestamp is consistent in itself; who issued it is not confirmed." "时间戳内部一致，但签发者未经确认。";
    Incomplete "incomplete" "The timestamp could not be checked completely." "时间戳未能完整核验。";
    NotGenuine "not-genuine" "The timestamp is not valid." "时间戳无效。";
    SameOne "same-one" "The file is the one that was stamped." "文件就是当时加盖的那一份。";
    SameAll "same-all" "All {count} files are the ones that were stamped." "{count} 个文件都是当时加盖的。";
    DiffersOne "differs-one" "The file is not the one that was stamped." "文件不是当时加盖的那一份。";
    DiffersSome "differs-some" "Not the ones that were stamped: {count} of {total} files." "{total} 个文件中有 {count} 个不是当时加盖的。";
    SomeUncompared "some-uncompared" "Not compared: {count} of {total} files." "{total} 个文件中有 {count} 个未能比对。";
    ManifestDiffers "manifest-differs" "The manifest is not the one that was stamped, so it says nothing of any file." "清单不是当时加盖的那一份，因此对任何文件都不能说明什么。";
    ManifestEmpty "manifest-empty" "The manifest is the one that was stamped; it lists no files." "清单就是当时加盖的那一份；其中没有列出文件。";
    UnderSalt "under-salt" "What was stamped is a salt of 32 bytes, followed by this file." "当时加盖的是 32 字节的盐与此文件相接而成的内容。";
    ExtraSome "extra-some" "In the folder and not in the manifest: {count}; nothing is shown about these." "文件夹中有 {count} 个文件不在清单内：对其没有任何说明。";
    NothingFits "nothing-fits" "None of the files is the one that it was issued for." "所放文件中没有它所加盖的那一份。";
    NothingGiven "nothing-given" "No file was given, so it was not compared with anything." "没有放入文件，未作比对。";
    // Records and packages: is it genuine, and are the files the ones.
    RecordGenuine "record-genuine" "The record {number} is genuine." "存证记录 {number} 是真的。";
    RecordUnconfirmed "record-unconfirmed" "The record {number} is what was stamped; who issued the timestamp is not confirmed." "存证记录 {number} 与加盖时一致，但时间戳的签发者未经确认。";
    RecordIncomplete "record-incomplete" "The record {number} could not be checked completely." "存证记录 {number} 未能完整核验。";
    RecordNotGenuine "record-not-genuine" "The record {number} is not genuine, or its timestamp is not valid." "存证记录 {number} 不真实，或其时间戳无效。";
    RecordSaysNothing "record-says-nothing" "What it says of any file does not count." "它对任何文件的说明均不予采信。";
    RecordNoList "record-no-list" "The list of its files was not given, so no file was compared." "没有放入其文件清单，未比对任何文件。";
    RecordEmpty "record-empty" "It lists no files." "其中没有列出文件。";
    RecordSameOne "record-same-one" "The file is the one that it lists." "文件就是记录所列的那一份。";
    RecordSameAll "record-same-all" "All {count} files are the ones that it lists." "{count} 个文件都是记录所列的。";
    RecordSameSome "record-same-some" "The same as in the record: {count} of {total} files; the others were not compared." "与记录一致的文件：{total} 个中的 {count} 个；其余未比对。";
    RecordDiffersOne "record-differs-one" "The file is not the one that it lists." "文件不是记录所列的那一份。";
    RecordDiffersSome "record-differs-some" "Not the ones that it lists: {count} of {total} files." "{total} 个文件中有 {count} 个不是记录所列的。";
    RecordNothingFits "record-nothing-fits" "None of the files put down is one that it lists." "所放文件中没有记录所列的。";
    RecordNothingGiven "record-nothing-given" "No file of it was given, so none was compared." "没有放入其中的文件，未作比对。";
    RecordOneOfMany "record-one-of-many" "It is one of {count} files; the others are not shown." "记录中共有 {count} 个文件，其余未出示。";
    RecordsGenuine "records-genuine" "Genuine: {count} of {total} records." "{total} 份存证记录中有 {count} 份是真的。";
    RecordsDiffer "records-differ" "With files that are not the listed ones: {count} of {total} records." "{total} 份记录中有 {count} 份的文件与所列不符。";
    OthersOpen "others-open" "Other timestamps that do not hold, or are not confirmed or complete: {count} of {total}." "另有时间戳不成立、未经确认或不完整：{total} 枚中的 {count} 枚。";
    OfPackage "of-package" "The package:" "证据包：";
    PackageWhole "package-whole" "It is as it was put together, with all {count} files and no other." "与制作时完全一致，共 {count} 个文件，没有多余。";
    PackageBroken "package-broken" "It is not as it was put together." "与制作时不一致。";
    PackageChanged "package-changed" " Changed: {count}." "改动 {count} 个。";
    PackageMissing "package-missing" " Missing or not checked: {count}." "缺失或未核验 {count} 个。";
    PackageExtra "package-extra" " Added: {count}." "多出 {count} 个。";
    PackageBare "package-bare" "It has no manifest: whether files were added, changed or taken out cannot be known." "缺少清单：无法得知文件是否被增加、改动或取出。";
    // Certificates, and other PDFs that are signed: a verdict apart from the record's.
    CertificateGenuine "certificate-genuine" "The certificate is genuine: {signer} signed it, and it is unchanged since." "证明是真的：由 {signer} 签名，此后未被改动。";
    CertificateUnconfirmed "certificate-unconfirmed" "The certificate is as it was signed; an authority behind its signature or timestamp is not confirmed." "证明与签名时一致，但其签名或时间戳背后的机构未经确认。";
    CertificateIncomplete "certificate-incomplete" "The certificate could not be checked completely." "证明未能完整核验。";
    CertificateUnsigned "certificate-unsigned" "The certificate is not signed: anybody could have made it." "证明没有签名：任何人都可能制作。";
    CertificateChanged "certificate-changed" "The certificate was changed after it was signed." "证明在签名之后被改动。";
    CertificateInvalid "certificate-invalid" "The certificate's signature is not valid." "证明的签名无效。";
    DocumentGenuine "document-genuine" "The signature in the PDF is genuine: {signer} signed it." "PDF 内的签名是真的：由 {signer} 签名。";
    DocumentStamped "document-stamped" "The timestamp in the PDF is genuine." "PDF 内的时间戳是真的。";
    DocumentUnconfirmed "document-unconfirmed" "The PDF is as it was signed; an authority behind its signature or timestamp is not confirmed." "PDF 与签名时一致，但其签名或时间戳背后的机构未经确认。";
    DocumentIncomplete "document-incomplete" "The signature in the PDF could not be checked completely." "PDF 内的签名未能完整核验。";
    DocumentUnsigned "document-unsigned" "The PDF is not signed." "PDF 没有签名。";
    DocumentChanged "document-changed" "The PDF was changed after it was signed." "PDF 在签名之后被改动。";
    DocumentInvalid "document-invalid" "A signature in the PDF is not valid." "PDF 内的签名无效。";
    PdfUnreadable "pdf-unreadable" "The PDF cannot be read with one meaning, so nothing in it was checked." "PDF 无法得到唯一的解读，其中内容均未核验。";
    PdfUnchanged "pdf-unchanged" "The PDF is unchanged since." "此后 PDF 未被改动。";
    PdfAdded "pdf-added" "Something that can be seen, or its properties, was added or altered since." "此后新增或改动了可见内容或文档属性。";
    PdfTime "pdf-time" "It was signed no later than {time}." "签名不晚于 {time}。";
    PdfNoTime "pdf-no-time" "Nothing proves when it was signed." "没有任何内容证明签名时间。";
    OfPdf "of-pdf" "In {name}:" "{name}：";
    CertificatesGenuine "certificates-genuine" "Genuine: {count} of {total} certificates." "{total} 份证明中有 {count} 份是真的。";
    DocumentsGenuine "documents-genuine" "Other PDFs whose signatures hold: {count} of {total}." "其他 PDF 的签名：{total} 份中有 {count} 份成立。";
    NotOpened "not-opened" "The archive was not opened, and nothing in it was checked." "压缩包未能打开，其中内容均未核验。";
    NoToken "no-token" "No timestamp was given." "没有放入时间戳。";
    NoTokenNote "no-token-note" "A file alone shows no time. Add the token that belongs to it, commonly a file ending in .tsr, and it will be compared." "仅凭文件看不出时间。请一并放入对应的令牌（通常以 .tsr 结尾），即可比对。";
    SeveralHold "several-hold" "All {count} timestamps hold." "{count} 枚时间戳均成立。";
    SeveralOpen "several-open" "Not confirmed or not complete: {count} of {total} timestamps." "{total} 枚时间戳中有 {count} 枚未经确认或不完整。";
    SeveralFail "several-fail" "Not holding: {count} of {total} timestamps." "{total} 枚时间戳中有 {count} 枚不成立。";
    LooseSome "loose-some" "Put down without a timestamp: {count}." "有 {count} 个文件没有对应的时间戳。";
    Result "result" "Verification result" "核验结果";
    VerdictLabel "verdict-label" "Verdict" "结论";

    // The twelve parts.
    PartVerdict "part-verdict" "Verdict" "结论";
    PartFile "part-file" "File match" "文件比对";
    PartToken "part-token" "Timestamp" "时间戳真伪";
    PartSignature "part-signature" "Signature" "签名真伪";
    PartTime "part-time" "Time" "时间";
    PartIssuer "part-issuer" "Issuer and key" "签发者与密钥";
    PartWitness "part-witness" "Witnesses" "见证";
    PartWho "part-who" "Who applied" "申请人";
    PartSince "part-since" "Since then" "此后";
    PartArticle "part-article" "By article" "按条文";
    PartNotShown "part-not-shown" "Not shown" "未显示";
    PartReport "part-report" "Report" "报告";
    PartMachine "part-machine" "For machines" "机器可读";

    // Marks.
    MarkHolds "mark-holds" "Holds" "成立";
    MarkGenuine "mark-genuine" "Genuine" "真实";
    MarkUnconfirmed "mark-unconfirmed" "Not confirmed" "未经确认";
    MarkIncomplete "mark-incomplete" "Incomplete" "不完整";
    MarkInvalid "mark-invalid" "Not valid" "无效";
    MarkSame "mark-same" "Same" "相符";
    MarkDiffers "mark-differs" "Differs" "不符";
    MarkNotGiven "mark-not-given" "Not given" "未放入";
    MarkExtra "mark-extra" "Not in the manifest" "清单之外";
    MarkUnchecked "mark-unchecked" "Not checked" "未比对";
    MarkShown "mark-shown" "Shown" "已显示";
    MarkPartly "mark-partly" "In part" "部分显示";
    MarkNotShown "mark-not-shown" "Not shown" "未显示";
    MarkNoToken "mark-no-token" "No timestamp" "无时间戳";

    // Files.
    File "file" "File" "文件";
    Size "size" "Size" "大小";
    State "state" "Result" "结果";
    Listed "listed" "Stamped" "加盖时";
    Found "found" "Your file" "您的文件";
    FilesMore "files-more" "and {count} more, of which none is worse; save as JSON for all" "另有 {count} 个，结果均不更差；存为 JSON 可见全部";
    Digest "digest" "Digest" "摘要";
    RenamingHarmless "renaming-harmless" "Renaming, moving and copying do no harm. Messengers and video sites compress what they carry, and any change alters the digest: ask the sender for the unchanged original." "改名、移动、复制均无妨。聊天软件与视频网站会压缩所传文件，任何改动都会改变摘要：请向发送者索取未经改动的原件。";

    FileOf "file-of" "file {place} of {total}" "第 {place} 个文件（共 {total} 个）";
    NameHidden "name-hidden" "name not shown" "名称未出示";
    GivenAs "given-as" "put down as {name}" "所放文件名为 {name}";

    // Records.
    Record "record" "Record" "存证记录";
    Package "package" "Evidence package" "证据包";
    Certificate "certificate" "Certificate" "存证证明";
    SignedPdf "signed-pdf" "Signed PDF" "已签名的 PDF";
    Level "level" "Level of the signature" "签名级别";
    CertificateWho "certificate-who" "Who applied is told by the record that rides in the certificate, which has a verdict of its own." "申请人由证明所附的记录载明，该记录另有结论。";
    DocumentWho "document-who" "A signature in a PDF says who signed it, not who applied for a timestamp." "PDF 内的签名只说明签名者，不说明时间戳的申请人。";
    NotPages "not-pages" "Whether the pages say what the record inside says: files are compared with the record alone" "页面所载是否与所附记录一致：与文件比对的只是记录";
    PdfTimeMeans "pdf-time-means" "The signature existed no later than this time. When the record was stamped is told by the record's own timestamp." "签名不晚于此刻已经存在。记录何时加盖，见记录自身的时间戳。";
    Number "number" "Evidence number" "存证编号";
    RecordDigest "record-digest" "Digest of the record" "记录摘要";
    Applicant "applicant" "Applicant" "申请人";
    Operator "operator" "Operator of the node" "节点运营人";
    Relation "relation" "Relation to the applicant" "与申请人的关系";
    RelationIndependent "relation-independent" "the operator states that it has no part in what it stamps" "运营人声明不参与所加盖的内容";
    RelationByApplicant "relation-by-applicant" "the applicant states to have no tie to the operator" "申请人声明与运营人无隶属、无股权关系";
    RelationOwn "relation-own" "the operator's own work" "运营人自己的作品";
    RelationUnknown "relation-unknown" "not stated" "未声明";
    LevelMail "level-mail" "the name is the applicant's word; only the mail address answered" "名称由申请人自填，只核验了邮箱";
    LevelProvider "level-provider" "the name was checked by an identity provider, by the operator's word" "名称经实名服务核验（运营人所述）";
    LevelPapers "level-papers" "papers were looked at, by the operator's word" "已核验证件（运营人所述）";
    Hidden "hidden" "Not shown (committed)" "未出示（记录中为承诺值）";
    Claims "claims" "What follows is the applicant's own word. That it was stated is shown; whether it is true is not." "以下为申请人自述。所示为其曾作此陈述，不说明陈述属实。";
    ClaimsNone "claims-none" "The record is not what was stamped; nothing that it says is shown." "该记录不是被加盖的内容，其所载均不显示。";
    NotOpenedParts "not-opened-parts" "What the record commits to and nobody opened: {names}" "记录中有承诺值、未出示的内容：{names}";
    StateType "state-type" "Type" "类型";
    StateTypeName "state-type-name" "Name of the type" "类型名称";
    StateMode "state-mode" "How files were given" "提交方式";
    StateStage "state-stage" "Stage" "阶段";
    StateStageName "state-stage-name" "Name of the stage" "阶段名称";
    StatePublished "state-published" "Published" "发表状态";
    StateWhole "state-whole" "Whole work" "是否整件作品";
    StateTitle "state-title" "Title" "名称";
    StateSummary "state-summary" "Summary" "简介";
    StateAuthors "state-authors" "Authors and owners" "作者与权利人";
    StateTags "state-tags" "Tags" "标签";
    StateDeclaration "state-declaration" "Declaration" "自述声明";
    StateVersion "state-version" "Version" "版本说明";
    StatePlatforms "state-platforms" "Platforms" "目标平台";
    StateMaterials "state-materials" "Materials" "素材来源";
    StateStages "state-stages" "Stages" "各阶段";
    StateWork "state-work" "Work" "所属作品";
    StateConfirmed "state-confirmed" "Confirmed" "确认事项";
    StatePaper "state-paper" "Paper" "证明文件";

    // Time.
    Earlier "earlier" "Earlier" "更早";
    EarlierNote "earlier-note" "Not shown. A timestamp does not say when the content began to exist." "未显示。时间戳不说明内容何时开始存在。";
    NoLaterThan "no-later-than" "No later than" "不晚于";
    TokenSays "token-says" "The token says, unconfirmed" "令牌所称（未经确认）";
    ByWord "by-word" "by the word of the issuing authority" "签发机构自述";
    Accuracy "accuracy" "accuracy as stated: {accuracy}" "所述精度：{accuracy}";
    AccuracyNone "accuracy-none" "the token states no accuracy" "令牌未注明精度";
    Independent "independent" "Independent time" "独立时间";
    IndependentNone "independent-none" "Not shown: back-dating by the authority is not excluded" "未显示：不能排除签发机构倒填时间";
    IndependentBy "independent-by" "no later than {time}, by {authority}" "不晚于 {time}，由 {authority} 见证";
    Gap "gap" "Gap" "间隔";
    GapNote "gap-note" "{gap} in which only the authority's word counts" "{gap}，其间仅有签发机构自述";
    TimeMeans "time-means" "The stamped digest existed no later than this time. It says nothing about when the content was made, or by whom." "该摘要不晚于此刻已经存在。它不说明内容何时产生、由谁创作。";

    // Issuer.
    Signer "signer" "Signer" "签名者";
    Path "path" "Leads to" "证书路径";
    Anchor "anchor" "Root, SHA-256" "根证书 SHA-256";
    Policy "policy" "Policy" "策略";
    Serial "serial" "Serial number" "序列号";
    TokenDigest "token-digest" "Token digest" "令牌摘要";
    Imprint "imprint" "Stamped digest" "被加盖的摘要";
    ClockNote "clock-note" "How the authority's clock stood at that time is in its public journal, where it keeps one." "签发机构当时的时钟状态，见其公开日志（如有）。";

    // Witnesses.
    Witness "witness" "Witness" "见证";
    IsIndependent "is-independent" "Other than the issuer" "并非签发机构自身";
    Yes "yes" "Yes" "是";
    No "no" "No" "否";
    WitnessLog "witness-log" "Public log {origin}, entry {index} of {size}" "公开日志 {origin}，第 {index} 条，共 {size} 条";
    WitnessNone "witness-none" "No witness is shown" "未显示任何见证";

    // Who, since, articles.
    WhoNone "who-none" "A token names no applicant" "令牌不载申请人";
    WhoNote "who-note" "A bare timestamp binds a digest to a time, not to a person. Who applied is in a certificate or an evidence package." "单独的时间戳把摘要与时间绑定，不与人绑定。申请人载于证书或证据包。";
    SinceRenewal "since-renewal" "Renewals: none are in this token" "续期：本令牌内没有";
    SinceClaims "since-claims" "Counter-claims: none are in this token, and no register was asked" "异议：本令牌内没有，也未查询登记";
    ArticleNote "article-note" "How this result answers the lists that courts use. The text of the law decides; please read the original." "本结果如何回应裁判所用的清单。请以法律原文为准。";
    Law "law" "Text" "条文";
    Asks "asks" "Asks" "所问";
    Answer "answer" "Answer" "回应";

    // Not shown.
    NotAuthor "not-author" "Who made the content, and whether it is original" "内容由谁创作，是否独创";
    NotBegin "not-begin" "When the content began to exist" "内容何时开始存在";
    NotTrue "not-true" "Whether what the content says is true" "内容所述是否属实";
    NotCourt "not-court" "How a court will weigh this result" "法院将如何认定";
    NotIndependent "not-independent" "That the authority did not back-date: no independent time covers this token" "签发机构没有倒填时间：本令牌无独立时间可印证";
    NotQualified "not-qualified" "Whether the authority was accredited or qualified at that time" "签发机构当时是否具备资质或合格服务身份";

    // Report.
    Print "print" "Print or save as PDF" "打印或存为 PDF";
    SaveJson "save-json" "Save as JSON" "存为 JSON";
    SaveStamped "save-stamped" "Save with a timestamp" "连同时间戳保存";
    SavePaper "save-paper" "Signed report (PDF)" "签章报告（PDF）";
    PaperNote "paper-note" "For the signed report, this node verifies the record or the token anew, with the roots it trusts itself, and compares digests: it is sent the number or the token and the digests of your files, no file and no name. Files under salts are not compared in it." "签章报告由本节点以其自身信任的根证书重新核验记录或令牌，并比对摘要：只发送编号或令牌以及文件的摘要，不发送文件与文件名。加盐的文件不在报告中比对。";
    PaperWaits "paper-waits" "Being made …" "正在出具……";
    PaperFailed "paper-failed" "The signed report was not made; nothing was lost." "签章报告没有出具，什么也没有丢失。";
    PaperMany "paper-many" "A report speaks of at most 500 files. Put down fewer, or verify the package." "一份报告至多写 500 个文件。请少放一些，或核验证据包。";
    ReportNote "report-note" "The report repeats this page and names the program that checked: {program}. Saved with a timestamp, it shows that this result existed no later than then; only its digest is sent." "报告与本页内容一致，并写明核验程序：{program}。连同时间戳保存时，可显示该结果不晚于彼时已存在；仅发送报告的摘要。";
    ReportOffline "report-offline" "The report repeats this page and names the program that checked: {program}. Anyone can repeat the check." "报告与本页内容一致，并写明核验程序：{program}。任何人都可重复核验。";
    OpenSsl "openssl" "The same with OpenSSL alone" "仅用 OpenSSL 核验";
    Code "code" "Code" "代码";
    WhoseMatter "whose-matter" "Concerns" "涉及";
    CheckedAt "checked-at" "Checked {time} by the clock of this computer." "核验于 {time}（本机时钟）。";
    CheckedByNode "checked-by-node" "Checked {time} by the clock of this node." "核验于 {time}（本节点时钟）。";
    Cut "cut" "… the rest is in the JSON that can be saved" "……其余见可保存的 JSON";
    FilesStayed "files-stayed" "The files did not leave this computer." "文件没有离开这台设备。";

    // The desk in a browser.
    PutDown "put-down" "Put files down" "放入文件";
    FilesStay "files-stay" "They stay on this computer: this page verifies in your browser. Once it is loaded, the network can be cut." "文件不会离开这台设备。本页在浏览器内核验，载入后断网也可使用。";
    DropTitle "drop-title" "Drop files here" "把文件拖到这里";
    DropNote "drop-note" "An evidence package (.zip), or a certificate (.pdf), or a record with its token, list of files and openings, or a file with its token (.tsr, .tst), and the salt if there is one. A whole folder works too. Tokens of other authorities can be checked as well." "证据包（.zip）；或存证证明（.pdf）；或存证记录，连同令牌、文件清单与开启文件；或原文件，连同令牌（.tsr、.tst）。若加盐，也请放入盐值文件。也可放入整个文件夹。其他时间戳机构签发的令牌同样可以核验。";
    ChooseFiles "choose-files" "Choose files" "选择文件";
    ChooseFolder "choose-folder" "Choose a folder" "选择文件夹";
    OnDesk "on-desk" "Put down" "已放入";
    Clear "clear" "Start again" "重新开始";
    Check "check" "Verify" "核验";
    KindToken "kind-token" "token" "令牌";
    KindManifest "kind-manifest" "manifest" "清单";
    KindSalt "kind-salt" "salt" "盐值";
    KindCertificate "kind-certificate" "certificate" "证书";
    KindRevocation "kind-revocation" "revocation data" "吊销信息";
    KindRecord "kind-record" "record" "存证记录";
    KindFiles "kind-files" "list of files" "文件清单";
    KindOpenings "kind-openings" "openings" "开启文件";
    KindDisclosure "kind-disclosure" "one file of a record" "单个文件的出示凭据";
    KindArchive "kind-archive" "archive" "压缩包";
    KindPdf "kind-pdf" "signed PDF" "已签名的 PDF";
    KindCertificatePdf "kind-certificate-pdf" "certificate of a record" "存证证明";
    KindContent "kind-content" "content" "内容";
    TrustTitle "trust-title" "Certificates among the files" "放入的证书";
    TrustNote "trust-note" "A certificate counts only if you trust it. Compare the fingerprint with one that reached you by another way." "证书须由您确认方可采信。请与通过其他途径得到的指纹核对。";
    TrustThis "trust-this" "I have compared it: trust this certificate" "已核对：信任此证书";
    Fingerprint "fingerprint" "SHA-256 fingerprint" "SHA-256 指纹";
    ValidUntil "valid-until" "Valid until {time}" "有效期至 {time}";
    Hashing "hashing" "{done} of {total} ({percent} %), about {rest} left" "{done} / {total}　{percent} %，约剩 {rest}";
    HashingStart "hashing-start" "{done} of {total} ({percent} %)" "{done} / {total}　{percent} %";
    HashingNote "hashing-note" "Reading happens on this computer. If you close the page, the check starts over." "在本机读取。关闭页面后需重新核验。";
    Seconds "seconds" "{count} s" "{count} 秒";
    Minutes "minutes" "{count} min" "{count} 分钟";
    Cancel "cancel" "Stop" "停止";
    Cancelled "cancelled" "Stopped. Nothing was checked." "已停止，未作核验。";
    NotStarted "not-started" "The verifier cannot run in this browser" "此浏览器无法运行核验程序";
    NotStartedNote "not-started-note" "It needs WebAssembly and compressed streams: Chromium 80, Firefox 113 or Safari 16.4, or later. Otherwise use the command line or OpenSSL." "需要 WebAssembly 与压缩流：Chromium 80、Firefox 113、Safari 16.4 或更新版本。也可使用命令行或 OpenSSL。";
    BrokeOff "broke-off" "The verifier broke off" "核验程序中断";
    BrokeOffNote "broke-off-note" "Nothing was decided. Start again; if it happens once more, use the command line and tell the operator." "没有得出任何结论。请重试；若再次发生，请使用命令行，并告知运营者。";
    TooMany "too-many" "More than {count} files at once: use the command line for such a folder." "一次超过 {count} 个文件：请用命令行核验此类文件夹。";
    StampFailed "stamp-failed" "The node did not stamp the report; it was saved without. Try later, or save it as JSON." "本节点未能为报告加盖时间戳，已保存无时间戳的报告。请稍后再试。";

    // The verifier as one file.
    OfflineTitle "offline-title" "Verify timestamps without a network" "离线核验时间戳";
    OfflineLead "offline-lead" "This one file checks timestamps on your computer. It asks no network and needs no account." "这一个文件即可在您的电脑上核验时间戳，无需网络，无需账号。";
    OfflineSelf "offline-self" "What this file cannot prove" "本文件无法自证";
    OfflineSelfNote "offline-self-note" "A verifier that came with the evidence proves nothing about itself. Compare the SHA-256 of this file with the one published for the release, take the file from a source of your own, or check with OpenSSL." "随证据一起交付的核验程序不能证明自身可靠。请将本文件的 SHA-256 与随版本公布的值比对，或自行另取此文件，或改用 OpenSSL 核验。";
    OfflineDigest "offline-digest" "Its digest" "本文件的摘要";
    OfflineDigestNote "offline-digest-note" "sha256sum verify.html; compare with what shiyin verifier --digest of the same release says, or with what several nodes show on their public record." "运行 sha256sum verify.html，与同一版本 shiyin verifier --digest 的结果或多个节点公示页所载比对。";
    OfflineAnchor "offline-anchor" "Whom to trust" "信任谁";
    OfflineAnchorNote "offline-anchor-note" "This file trusts no authority by itself. Add the authority's root certificate to your files, compare its fingerprint, and trust it." "本文件自身不信任任何机构。请一并放入签发机构的根证书，核对指纹后确认信任。";
    ServedAnchorNote "served-anchor-note" "This page trusts the root of this node, and the authorities that its operator named. Nobody confirms that but the operator: compare the fingerprints below with ones that reached you by another way, or bring your own root." "本页信任本节点的根证书，以及运营者列出的机构。这仅是运营者的主张：请将下列指纹与通过其他途径得到的比对，或自带根证书。";
}

/// A text with its places filled.
#[must_use]
pub fn fill(text: &str, values: &[(&str, &str)]) -> String {
    let mut out = text.to_owned();
    for (name, value) in values {
        out = out.replace(&format!("{{{name}}}"), value);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn both_languages_have_the_same_places_and_claim_no_more_than_is_proven() {
        let places = |text: &'static str| -> BTreeSet<&str> {
            text.split('{').skip(1).filter_map(|s| s.split_once('}')).map(|(name, _)| name).collect()
        };
        let mut names = BTreeSet::new();
        for word in Word::ALL {
            let (en, zh) = (word.text(Language::En), word.text(Language::Zh));
            assert_eq!(places(en), places(zh), "{}", word.name());
            assert!(zh.chars().any(|c| c > '\u{2e80}'), "{}: not Chinese", word.name());
            assert!(names.insert(word.name()), "{} stands twice", word.name());
            for claim in ["legally", "created at", "proves creation", "法律认可", "创作于", "证明创作", "无需公证"]
            {
                assert!(!zh.contains(claim) && !en.contains(claim), "{} claims too much", word.name());
            }
        }
    }

    #[test]
    fn places_are_filled() {
        assert_eq!(fill("{a} of {b}", &[("a", "1"), ("b", "2")]), "1 of 2");
    }
}
