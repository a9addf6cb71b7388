//! The text in a package for whoever opens it in twenty years: what it is, and how to check it without us.
//!
//! Its commands are run by a test (crates/exhibit/src/tests/packages.rs): every line that begins with four
//! blanks is one.

use super::originals::Tally;
use super::write::Holds;
use proof::record::EvidenceNumber;

/// Numbers that are named; the folders name them all.
const NAMED: usize = 20;

/// What is said of the originals: a line for each thing, and nothing where nothing is to be said.
fn originals(tally: Tally) -> (String, String) {
    let (mut zh, mut en) = (String::new(), String::new());
    if tally.held > 0 {
        zh += &format!("原文件（{} 个）在 records/编号/originals/ 之下，一字节不差。\n", tally.held);
        en += &format!("The original files ({}) lie below records/NUMBER/originals/, bit for bit.\n", tally.held);
    }
    if tally.left_out > 0 {
        zh += &format!("有 {} 个原件不在本包中：已被删除，或当时无法读取。\n", tally.left_out);
        en += &format!("Originals that are not in this package: {}; removed, or not readable then.\n", tally.left_out);
    }
    if tally.is_too_large {
        zh += "原件过多或过大，不在本包中，请从记录页逐个下载。\n";
        en += "The originals are too many or too large for one package and are not in it: download them from the records' pages.\n";
    }
    (zh, en)
}

/// The text, in Chinese and English.
pub(super) fn text(
    numbers: &[EvidenceNumber],
    (holds, tally): (Holds, Tally),
    operator: &str,
    address: &str,
) -> String {
    let named: String = numbers.iter().take(NAMED).map(|number| format!("  {number}\n")).collect();
    let more = if numbers.len() > NAMED { "  …\n" } else { "" };
    let (names_zh, names_en) = match holds {
        Holds::Originals | Holds::Everything => (
            "openings.json 打开了记录中的承诺值：它写明申请人、名称、文件名与声明。certificate.pdf 亦然。交付他人前请斟酌。",
            "openings.json opens the commitments of a record: it names the applicant, titles, files and statements, and so \
             does certificate.pdf. Consider to whom you give this package.",
        ),
        Holds::NoNames => (
            "本证据包不含姓名、名称与声明，只含证明内容存在与未改所需的数据。",
            "This package holds no names, titles or statements: only what proves that content existed and is unchanged.",
        ),
    };
    let (originals_zh, originals_en) = originals(tally);
    let first = numbers.first().map(ToString::to_string).unwrap_or_default();
    format!(
        "时印 证据包 / Shiyin evidence package\n\
         =====================================\n\n\
         出具 / Issued by: {operator}\n\
         网址 / Address: {address}\n\
         存证编号 / Evidence numbers:\n{named}{more}\n\
         ## 这是什么\n\n\
         每条记录在 records/编号/ 之下：record.json 是盖章的原文，record.tsr 是它的时间戳令牌（RFC 3161，内含公开账本的\n\
         位置证明），files.json 列出各文件的摘要。package.json 列出本包的每个文件，package.tsr 是它的令牌。\n\
         {names_zh}\n{originals_zh}\
         时间戳表明内容不晚于所示时刻已经存在、此后未改；不表明作者是谁、内容是否原创，也不预言法院如何认定。\n\n\
         ## 怎样核验\n\n\
         断网打开 verify.html，把整个证据包（或解开后的文件夹）连同您的文件放进去。也可只用 OpenSSL：\n\n\
         ## What this is\n\n\
         Each record lies below records/NUMBER/: record.json is what was stamped, record.tsr its timestamp token (RFC 3161,\n\
         with the proof of its place in the public log), files.json lists the digests of the files. package.json lists every\n\
         file of this package, package.tsr is its token.\n\
         {names_en}\n{originals_en}\
         A timestamp shows that the content existed no later than the time stated and is unchanged since; not who made it,\n\
         not whether it is original, and not how a court will weigh it.\n\n\
         ## How to verify\n\n\
         Open verify.html with the network cut and put the package (or its unpacked folder) on it with your files. Or use\n\
         OpenSSL alone, in this folder:\n\n    \
         openssl x509 -in proofs/root.pem -noout -fingerprint -sha256\n    \
         openssl ts -verify -data package.json -in package.tsr -CAfile proofs/root.pem\n    \
         openssl ts -verify -data records/{first}/record.json -in records/{first}/record.tsr -CAfile proofs/root.pem\n    \
         openssl ts -reply -in records/{first}/record.tsr -text\n    \
         python3 -c 'import json,hashlib;[exit(\"changed: \"+f[\"path\"]) for f in json.load(open(\"package.json\"))[\"files\"] if \
         hashlib.sha256(open(f[\"path\"],\"rb\").read()).hexdigest()!=f[\"sha256\"]]'\n\n\
         根证书 proofs/root.pem 的指纹请与经其他途径得到的比对。\n\
         Compare the fingerprint of proofs/root.pem with one that you got another way.\n\n\
         文件的摘要 / The digest of a file, to be found in files.json:  sha256sum FILE\n\
         格式 / Formats: docs/conformance/packages.md, docs/conformance/records.md\n"
    )
}
