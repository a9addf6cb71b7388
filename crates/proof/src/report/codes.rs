//! Every code a finding can have, in one table: weight, fault, section, and the
//! words in both languages. A missing translation does not compile.

use super::{Fault, Language, Severity};

macro_rules! codes {
    ($($code:ident $name:literal $severity:ident $fault:ident $section:literal
        $en:literal $zh:literal $en_remedy:literal $zh_remedy:literal;)*) => {
        /// What was found. The name of a code never changes its meaning.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Code {
            $(#[doc = $en] $code,)*
        }

        impl Code {
            /// All codes, in the order of this table.
            pub const ALL: &'static [Self] = &[$(Self::$code),*];

            /// The stable name used in JSON, vectors and documents.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Self::$code => $name),* }
            }

            /// How much it weighs.
            #[must_use]
            pub fn severity(self) -> Severity {
                match self { $(Self::$code => Severity::$severity),* }
            }

            /// Whose fault it is.
            #[must_use]
            pub fn fault(self) -> Fault {
                match self { $(Self::$code => Fault::$fault),* }
            }

            /// The section of the standard that it rests on.
            #[must_use]
            pub fn section(self) -> &'static str {
                match self { $(Self::$code => $section),* }
            }

            /// The sentence, with places `{name}` for values.
            #[must_use]
            pub fn sentence(self, language: Language) -> &'static str {
                match (self, language) {
                    $((Self::$code, Language::En) => $en, (Self::$code, Language::Zh) => $zh,)*
                }
            }

            /// What to do; empty where there is nothing to do.
            #[must_use]
            pub fn remedy(self, language: Language) -> &'static str {
                match (self, language) {
                    $((Self::$code, Language::En) => $en_remedy, (Self::$code, Language::Zh) => $zh_remedy,)*
                }
            }
        }
    };
}

codes! {
    ImprintMatches "imprint-matches" Pass Nobody "RFC 3161 2.4.2"
        "The content's {algorithm} digest is the one in the token."
        "内容的 {algorithm} 摘要与令牌中的一致。"
        ""
        "";
    SignatureValid "signature-valid" Pass Nobody "RFC 5652 5.6"
        "The token's signature ({algorithm}) was made with the key of {signer}."
        "令牌签名（{algorithm}）由 {signer} 的密钥作出。"
        ""
        "";
    SignerBound "signer-bound" Pass Nobody "RFC 5816 2.2.1"
        "The signature names the signer's certificate, so no other can take its place."
        "签名指明了签名者证书，无法以其他证书替换。"
        ""
        "";
    AuthorityTrusted "authority-trusted" Pass Nobody "RFC 5280 6"
        "The signer's certificate leads to the pinned authority {anchor} (SHA-256 {fingerprint}), and every certificate on the way was valid at the time of the token."
        "签名者证书可追溯到已确认的机构 {anchor}（SHA-256 {fingerprint}），路径上的证书在令牌时间均有效。"
        ""
        "";
    TimeStated "time-stated" Pass Nobody "RFC 3161 2.4.2"
        "The authority states that the stamped digest existed no later than {time} (accuracy: {accuracy})."
        "签发机构声明：被加盖的摘要不晚于 {time} 已存在（精度：{accuracy}）。"
        ""
        "";
    NonceMatches "nonce-matches" Pass Nobody "RFC 3161 2.4.2"
        "The reply belongs to this request: the nonce is the same."
        "应答与请求对应：随机数一致。"
        ""
        "";
    NotRevoked "not-revoked" Pass Nobody "RFC 3161 4"
        "{subject} is not on the revocation list of {date}."
        "{date} 的吊销列表中没有 {subject}。"
        ""
        "";
    RevokedLater "revoked-later" Notice Nobody "RFC 3161 4"
        "{subject} was revoked on {date} ({reason}); tokens from before that stay valid."
        "{subject} 已于 {date} 吊销（{reason}）；此前的令牌仍然有效。"
        ""
        "";
    RevokedButWitnessed "revoked-but-witnessed" Warning Authority "DESIGN 3"
        "{subject} was revoked on {date} ({reason}), which takes force from its tokens. This one stays: {authority} saw it in the log at {time}, before that."
        "{subject} 已于 {date} 吊销（{reason}），其令牌因此失效；但 {authority} 在此之前的 {time} 已在日志中见到本令牌，故仍然有效。"
        "Keep the token with its proof: without it, it is worth nothing."
        "请将令牌连同日志证明一并保存；没有该证明，令牌即无效力。";
    BackdatingNotExcluded "backdating-not-excluded" Notice Nobody "DESIGN 1"
        "The time is the authority's own word. No independent time covers this token, so back-dating by the authority is not excluded."
        "该时间仅为签发机构自述，没有独立时间可印证，不能排除机构倒填时间。"
        ""
        "";
    LogIncluded "log-included" Pass Nobody "RFC 9162 2.1.3"
        "The token is entry {index} of the log {origin}, in a tree of {size} entries that the log has signed."
        "令牌是日志 {origin} 的第 {index} 条，所在树有 {size} 条，已由日志签名。"
        ""
        "";
    IndependentTime "independent-time" Pass Nobody "DESIGN 1"
        "Another authority, {authority}, confirms that the token existed no later than {time}. Between {stated} and then ({gap}) only the issuing authority's word counts."
        "另一机构 {authority} 确认该令牌不晚于 {time} 已存在。自 {stated} 至该时刻（{gap}）仅有签发机构自述。"
        ""
        "";
    StampNotIndependent "stamp-not-independent" Notice Authority "DESIGN 1"
        "A further timestamp over the log is by the issuing authority itself ({authority}) and adds nothing."
        "对日志的另一时间戳出自签发机构自身（{authority}），没有独立证明作用。"
        ""
        "";
    StampUnconfirmed "stamp-unconfirmed" Notice Verifier "DESIGN 1"
        "A further timestamp over the log is by {authority}, which is not pinned."
        "对日志的另一时间戳出自 {authority}，该机构未被确认。"
        "Obtain that authority's root certificate by a way you trust and give it as trusted (command line: --trust)."
        "请通过可信途径取得该机构的根证书，并指定为可信（命令行：--trust）。";
    StampWrong "stamp-wrong" Warning Token "DESIGN 1"
        "A further timestamp over the log ({authority}) is not valid and was left out of account."
        "对日志的另一时间戳（{authority}）无效，未予采信。"
        "Nothing needs to be done; ask the issuing authority for a newer proof."
        "无需处理；可向签发机构索取更新的证明。";
    TimesContradict "times-contradict" Error Authority "DESIGN 1"
        "The token says {time}, yet {authority} saw it in the log at {other}, before that."
        "令牌声明 {time}，但 {authority} 在更早的 {other} 已见其在日志中。"
        "The issuing authority's clock was wrong; do not rely on the time."
        "签发机构的时钟有误，请勿依赖该时间。";
    LogNotNamed "log-not-named" Notice Authority "DESIGN 1"
        "The token carries a log proof, but the signer's certificate names no log; it was not checked."
        "令牌带有日志证明，但签名者证书未指明日志，未作核验。"
        ""
        "";
    LogIdentityMalformed "log-identity-malformed" Error Authority "DESIGN 1"
        "The signer's certificate names its log in a form that cannot be read: {cause}."
        "签名者证书中的日志标识无法读取：{cause}。"
        "The authority made a faulty certificate; ask another authority."
        "签发机构的证书有误，请改用其他机构。";
    LogProofMissing "log-proof-missing" Gap Authority "DESIGN 1"
        "The authority promises to log every token in {origin}, and this one carries no proof of it."
        "签发机构承诺将每个令牌记入日志 {origin}，但该令牌没有相应证明。"
        "Use the file as the authority sent it, or ask it for the proof; without it, nothing shows that the token is not hidden from others."
        "请使用签发机构发出的原始文件，或向其索取证明；没有证明，就无法确认该令牌未被隐瞒。";
    LogProofWrong "log-proof-wrong" Error Token "RFC 9162 2.1.3"
        "The proof that the token is in the log {origin} does not hold: {cause}."
        "令牌在日志 {origin} 中的证明不成立：{cause}。"
        "Use the file as the authority sent it, or ask it for the proof again."
        "请使用签发机构发出的原始文件，或重新索取证明。";
    NoRevocationData "no-revocation-data" Warning Verifier "RFC 3161 4"
        "No usable revocation list was supplied for {subject}; whether it was revoked is not known."
        "未提供 {subject} 的可用吊销列表，无法得知其是否已被吊销。"
        "Supply the authority's current revocation list (command line: --crl)."
        "请提供签发机构当前的吊销列表（命令行：--crl）。";
    RevocationDataOld "revocation-data-old" Warning Verifier "RFC 5280 5.1.2.5"
        "The revocation list used is of {date}; a newer one was due by {due}."
        "所用吊销列表发布于 {date}，新列表应于 {due} 前发布。"
        "Supply a newer revocation list (command line: --crl)."
        "请提供更新的吊销列表（命令行：--crl）。";
    NotDer "not-der" Warning Authority "RFC 3161 2.4.2"
        "The token is not in DER ({part}); it was read as BER."
        "令牌不是 DER 编码（{part}），已按 BER 读取。"
        "Nothing needs to be done; other programs may refuse the token."
        "无需处理；其他程序可能拒绝该令牌。";
    AttributesUnsorted "attributes-unsorted" Warning Authority "RFC 5652 5.3"
        "The signed attributes are not in the order of DER; the signature was checked over the bytes as received."
        "签名属性未按 DER 排序；签名按收到的字节核验。"
        "Nothing needs to be done; other programs may refuse the token."
        "无需处理；其他程序可能拒绝该令牌。";
    GrantedWithMods "granted-with-mods" Warning Authority "RFC 3161 2.4.2"
        "The authority granted the request with changes."
        "签发机构变更后批准了请求。"
        "Check that policy and accuracy are what you asked for."
        "请核对策略与精度是否符合要求。";
    SignedDataVersion "signed-data-version" Warning Authority "RFC 5652 5.1"
        "SignedData has version {version}; a token has version 3."
        "SignedData 版本为 {version}；令牌应为版本 3。"
        "Nothing needs to be done; other programs may refuse the token."
        "无需处理；其他程序可能拒绝该令牌。";
    SerialUnusual "serial-unusual" Warning Authority "RFC 3161 2.4.2"
        "The serial number is negative or longer than 160 bits."
        "序列号为负或超过 160 位。"
        "Nothing needs to be done; other programs may refuse the token."
        "无需处理；其他程序可能拒绝该令牌。";
    KeyUsageBroad "key-usage-broad" Warning Authority "RFC 3161 2.3"
        "The signer's key may be used for more than signatures; a time-stamping key serves nothing else."
        "签名者密钥的用途超出签名；时间戳密钥不应有其他用途。"
        "Tell the authority; OpenSSL refuses such certificates."
        "请告知签发机构；OpenSSL 会拒绝此类证书。";
    WeakCertificateId "weak-certificate-id" Notice Authority "RFC 5816 2.2.1"
        "The signature names the signer's certificate by SHA-1, as RFC 3161 first did."
        "签名以 SHA-1 指明签名者证书（RFC 3161 初版做法）。"
        ""
        "";
    ReplyMalformed "reply-malformed" Error Server "RFC 3161 2.4.2"
        "The answer is not a time-stamp response: {cause}."
        "应答不是时间戳响应：{cause}。"
        "Check the address of the time stamp authority."
        "请检查时间戳服务地址。";
    Refused "refused" Error Server "RFC 3161 2.4.2"
        "The authority refused: {status} {failures} {text}"
        "签发机构拒绝：{status} {failures} {text}"
        "Follow the reason given, or ask another authority."
        "请按所示原因处理，或改用其他机构。";
    TokenMissing "token-missing" Error Server "RFC 3161 2.4.2"
        "The answer says a token was granted and holds none."
        "应答称已签发令牌，却没有令牌。"
        "Ask again, or ask another authority."
        "请重新请求，或改用其他机构。";
    TokenWithRefusal "token-with-refusal" Error Server "RFC 3161 2.4.2"
        "The answer is a refusal ({status}) and yet holds a token."
        "应答为拒绝（{status}），却带有令牌。"
        "Ask again, or ask another authority."
        "请重新请求，或改用其他机构。";
    NonceMissing "nonce-missing" Error Server "RFC 3161 2.4.2"
        "The request had a nonce and the token has none: it may be an old answer."
        "请求含随机数而令牌没有，可能是旧应答。"
        "Ask again, or ask another authority."
        "请重新请求，或改用其他机构。";
    NonceWrong "nonce-wrong" Error Server "RFC 3161 2.4.2"
        "The token's nonce is not the one of the request: it answers something else."
        "令牌随机数与请求不符，不是对本请求的应答。"
        "Ask again, or ask another authority."
        "请重新请求，或改用其他机构。";
    NonceUnasked "nonce-unasked" Error Server "RFC 3161 2.4.2"
        "The token has a nonce although the request had none: it answers something else."
        "请求没有随机数而令牌有，不是对本请求的应答。"
        "Ask again, or ask another authority."
        "请重新请求，或改用其他机构。";
    PolicyWrong "policy-wrong" Error Authority "RFC 3161 2.4.2"
        "The token was issued under policy {policy}, which was not asked for."
        "令牌按策略 {policy} 签发，与要求不符。"
        "Ask for a policy that the authority offers, or ask another authority."
        "请选用该机构提供的策略，或改用其他机构。";
    CertificateNotSent "certificate-not-sent" Error Server "RFC 3161 2.4.1"
        "The certificate was asked for and is not in the token."
        "请求了证书，令牌中却没有。"
        "Ask again, or ask another authority."
        "请重新请求，或改用其他机构。";
    TokenMalformed "token-malformed" Error Token "RFC 5652 5.1"
        "The token cannot be read: {cause}."
        "令牌无法读取：{cause}。"
        "Use the file as the authority sent it; it was damaged or is something else."
        "请使用签发机构发出的原始文件；现有文件已损坏或不是令牌。";
    ContentTypeWrong "content-type-wrong" Error Token "RFC 3161 2.4.2"
        "What is signed is no timestamp but {oid}."
        "被签名的不是时间戳，而是 {oid}。"
        "This signature serves another purpose; use the timestamp token."
        "该签名另有用途，请使用时间戳令牌。";
    TstInfoMalformed "tst-info-malformed" Error Authority "RFC 3161 2.4.2"
        "The timestamp inside the token cannot be read: {cause}."
        "令牌内的时间戳无法读取：{cause}。"
        "The authority made a faulty token; ask for a new one."
        "令牌本身有误，请重新申请。";
    VersionWrong "version-wrong" Error Authority "RFC 3161 2.4.2"
        "The timestamp has version {version}; only version 1 exists."
        "时间戳版本为 {version}；只存在版本 1。"
        "The authority made a faulty token; ask for a new one."
        "令牌本身有误，请重新申请。";
    ExtensionUnknown "extension-unknown" Error Authority "RFC 3161 2.4.2"
        "The timestamp has a critical extension that is not known: {oid}."
        "时间戳含有未知的关键扩展：{oid}。"
        "Verify with a program that knows the extension."
        "请使用支持该扩展的程序核验。";
    SignerCount "signer-count" Error Token "RFC 3161 2.4.2"
        "The token has {count} signers; it must have exactly one."
        "令牌有 {count} 个签名者；必须恰有一个。"
        "Use the file as the authority sent it."
        "请使用签发机构发出的原始文件。";
    ContentMissing "content-missing" Gap Verifier "RFC 3161 2.4.2"
        "No content was given, so only the token itself was checked."
        "未提供内容，仅核验了令牌本身。"
        "Give the file that was stamped."
        "请提供被加盖时间戳的文件。";
    ImprintMismatch "imprint-mismatch" Error Content "RFC 3161 2.4.2"
        "The content is not what was stamped: its {algorithm} digest is {actual}, the token's is {expected}."
        "内容与被加盖的不同：其 {algorithm} 摘要为 {actual}，令牌中为 {expected}。"
        "Use the unchanged original: one changed bit changes the digest. Renaming a file does no harm. If it was stamped with a salt, give the salt."
        "请使用未经改动的原件：改动一位，摘要即不同。改文件名无妨。若加盐申请，请提供盐值文件。";
    ImprintUnsupported "imprint-unsupported" Error Authority "RFC 3161 2.4.1"
        "The digest algorithm of the timestamp is not supported: {oid}."
        "时间戳的摘要算法不受支持：{oid}。"
        "Ask for a new stamp with SHA-256 or SM3."
        "请以 SHA-256 或 SM3 重新申请。";
    ImprintLength "imprint-length" Error Authority "RFC 3161 2.4.1"
        "The digest in the timestamp has {length} bytes; {algorithm} has {expected}."
        "时间戳中的摘要为 {length} 字节；{algorithm} 应为 {expected} 字节。"
        "The authority made a faulty token; ask for a new one."
        "令牌本身有误，请重新申请。";
    ImprintWeak "imprint-weak" Error Authority "RFC 3161 4"
        "The digest algorithm {algorithm} is broken: different contents can have the same digest."
        "摘要算法 {algorithm} 已被攻破：不同内容可有相同摘要。"
        "Ask for a new stamp with SHA-256 or SM3."
        "请以 SHA-256 或 SM3 重新申请。";
    AttributesMissing "attributes-missing" Error Token "RFC 5652 5.3"
        "The token has no signed attributes."
        "令牌没有签名属性。"
        "Use the file as the authority sent it, or ask for a new token."
        "请使用原始文件，或重新申请。";
    AttributeCount "attribute-count" Error Token "RFC 5652 11"
        "The signed attribute {name} must stand exactly once with one value."
        "签名属性 {name} 必须恰好出现一次且只有一个值。"
        "Use the file as the authority sent it, or ask for a new token."
        "请使用原始文件，或重新申请。";
    ContentTypeAttributeWrong "content-type-attribute-wrong" Error Token "RFC 5652 11.1"
        "The signed content type is not that of a timestamp."
        "签名的内容类型不是时间戳。"
        "Use the file as the authority sent it, or ask for a new token."
        "请使用原始文件，或重新申请。";
    MessageDigestWrong "message-digest-wrong" Error Token "RFC 5652 11.2"
        "The timestamp inside the token was changed after it was signed."
        "令牌中的时间戳在签名后被改动。"
        "Use the file as the authority sent it; this one was altered."
        "请使用签发机构发出的原始文件；现有文件已被改动。";
    DigestUnsupported "digest-unsupported" Error Authority "RFC 5652 5.3"
        "The digest algorithm of the signature is not supported or broken: {oid}."
        "签名所用摘要算法不受支持或已被攻破：{oid}。"
        "Ask for a new token from an authority with current algorithms."
        "请向使用现行算法的机构重新申请。";
    SignatureUnsupported "signature-unsupported" Error Authority "RFC 5652 5.3"
        "The signature algorithm is not supported or does not fit the key: {oid}."
        "签名算法不受支持或与密钥不符：{oid}。"
        "Verify with a program that knows the algorithm, or ask for a new token."
        "请使用支持该算法的程序核验，或重新申请。";
    SignatureWrong "signature-wrong" Error Token "RFC 5652 5.6"
        "The signature is not right: the token was altered, or not made by {signer}."
        "签名不正确：令牌被改动，或并非 {signer} 所签。"
        "Use the file as the authority sent it; do not rely on this one."
        "请使用签发机构发出的原始文件；现有文件不可采信。";
    SignerCertificateMissing "signer-certificate-missing" Gap Verifier "RFC 3161 2.4.1"
        "The signer's certificate is not in the token and was not supplied, so the signature could not be checked."
        "令牌中没有签名者证书，也未另行提供，无法核验签名。"
        "Supply the authority's certificates (command line: --certificate)."
        "请提供签发机构证书（命令行：--certificate）。";
    CertificateMalformed "certificate-malformed" Error Token "RFC 5280 4.1"
        "The signer's certificate cannot be read."
        "签名者证书无法读取。"
        "Use the file as the authority sent it."
        "请使用签发机构发出的原始文件。";
    CertificateIdMissing "certificate-id-missing" Error Authority "RFC 3161 2.4.2"
        "The signature does not name the signer's certificate (no signingCertificate attribute)."
        "签名未指明签名者证书（缺少 signingCertificate 属性）。"
        "Ask for a new token; this one leaves open who signed."
        "请重新申请；该令牌未明确签名者。";
    CertificateIdWrong "certificate-id-wrong" Error Token "RFC 5816 2.2.1"
        "The signature names another certificate than the one that fits the key."
        "签名指明的证书与密钥对应的证书不同。"
        "Do not rely on this token; the certificate was exchanged."
        "该令牌不可采信：证书被替换。";
    PurposeMissing "purpose-missing" Error Authority "RFC 3161 2.3"
        "The signer's certificate is not for time stamping."
        "签名者证书不用于时间戳。"
        "Ask an authority with a time-stamping certificate."
        "请改用持有时间戳证书的机构。";
    PurposeNotCritical "purpose-not-critical" Error Authority "RFC 3161 2.3"
        "The time-stamping purpose in the signer's certificate is not marked critical."
        "签名者证书中的时间戳用途未标为关键。"
        "The authority needs a correct certificate; ask another authority."
        "该机构证书不合规，请改用其他机构。";
    PurposeNotSole "purpose-not-sole" Error Authority "RFC 3161 2.3"
        "The signer's certificate serves other purposes besides time stamping."
        "签名者证书除时间戳外还有其他用途。"
        "The authority needs a correct certificate; ask another authority."
        "该机构证书不合规，请改用其他机构。";
    SignerIsCa "signer-is-ca" Error Authority "RFC 3161 2.3"
        "The signer is a certification authority; a time-stamping key serves nothing else."
        "签名者是证书颁发机构；时间戳密钥不得另作他用。"
        "The authority needs a key of its own for time stamping; ask another authority."
        "该机构须使用专用时间戳密钥，请改用其他机构。";
    KeyUsageWrong "key-usage-wrong" Error Authority "RFC 5280 4.2.1.3"
        "The signer's certificate does not allow signatures."
        "签名者证书不允许用于签名。"
        "The authority needs a correct certificate; ask another authority."
        "该机构证书不合规，请改用其他机构。";
    KeyUnsupported "key-unsupported" Error Authority "RFC 5280 4.1.2.7"
        "The signer's key is of a kind or size that is not accepted."
        "签名者密钥的类型或长度不被接受。"
        "Ask for a new token from an authority with a current key."
        "请向使用现行密钥的机构重新申请。";
    TsaNameWrong "tsa-name-wrong" Error Authority "RFC 3161 2.4.2"
        "The timestamp names an authority that its certificate does not."
        "时间戳所写机构名称与证书不符。"
        "Do not rely on this token; ask for a new one."
        "该令牌不可采信，请重新申请。";
    TimeInFuture "time-in-future" Error Authority "RFC 3161 2.4.2"
        "The timestamp says {time}, which has not come yet (now: {now})."
        "时间戳为 {time}，尚未到来（现在：{now}）。"
        "Check the clock of this computer; if it is right, the authority's is wrong."
        "请检查本机时钟；若无误，则签发机构时钟有误。";
    TimeOutsideCertificate "time-outside-certificate" Error Authority "RFC 3161 B"
        "The timestamp says {time}; {subject} was valid only from {from} to {to}."
        "时间戳为 {time}；{subject} 的有效期仅为 {from} 至 {to}。"
        "Do not rely on this token; it was issued outside the validity of the certificate."
        "该令牌不可采信：在证书有效期之外签发。";
    PathSignatureWrong "path-signature-wrong" Error Token "RFC 5280 6.1.3"
        "The certificate {subject} was not signed by the issuer it names."
        "证书 {subject} 并非其所称颁发者签发。"
        "Do not rely on this token; a certificate was forged or exchanged."
        "该令牌不可采信：证书系伪造或被替换。";
    PathSignatureWeak "path-signature-weak" Error Authority "RFC 5280 6.1.3"
        "The certificate {subject} is signed with a broken or unsupported algorithm."
        "证书 {subject} 的签名算法已被攻破或不受支持。"
        "Pin the certificate above it, or ask another authority."
        "请改用其他机构，或直接确认其上级证书。";
    PathNotCa "path-not-ca" Error Token "RFC 5280 6.1.4"
        "{subject} issued a certificate on the path and is not allowed to."
        "{subject} 无权颁发证书，却在路径中颁发了证书。"
        "Do not rely on this token; the path was forged."
        "该令牌不可采信：证书路径系伪造。";
    PathTooLong "path-too-long" Error Authority "RFC 5280 6.1.4"
        "More certificates stand below {subject} than it allows, or the path is too long."
        "{subject} 之下的证书层级超出其允许，或路径过长。"
        "Ask another authority."
        "请改用其他机构。";
    PathConstraint "path-constraint" Error Authority "RFC 5280 6.1.3"
        "A certificate on the path breaks a rule of {subject}, or has a rule that is not known here: {rule}."
        "路径中的证书违反 {subject} 的约束，或含有无法处理的约束：{rule}。"
        "Ask another authority, or verify with a program that knows the rule."
        "请改用其他机构，或使用支持该约束的程序核验。";
    AuthorityUnconfirmed "authority-unconfirmed" Unconfirmed Verifier "DESIGN 1"
        "Nothing here confirms the authority: the certificates lead to {top} (SHA-256 {fingerprint}), which is not pinned."
        "尚无依据确认签发机构：证书追溯到 {top}（SHA-256 {fingerprint}），但它未被确认。"
        "Obtain the authority's root certificate by a way you trust, compare the fingerprint, and give it as trusted (command line: --trust)."
        "请通过可信途径取得该机构根证书，核对指纹后指定为可信（命令行：--trust）。";
    Revoked "revoked" Error Authority "RFC 3161 4"
        "{subject} was revoked on {date} ({reason}), and that takes force from this token."
        "{subject} 已于 {date} 吊销（{reason}），该令牌因此失效。"
        "Ask for a new stamp; look for other proof of the time."
        "请重新申请，并另寻时间证明。";
    RevocationListMalformed "revocation-list-malformed" Warning Verifier "RFC 5280 5"
        "A revocation list could not be read and was left aside."
        "有一份吊销列表无法读取，已弃用。"
        "Supply the list as the authority publishes it."
        "请提供签发机构发布的原始列表。";
    FilesSame "files-same" Pass Nobody "DESIGN 2"
        "As in the manifest: {count} of its files."
        "{count} 个文件与清单一致。"
        ""
        "";
    FileExtra "file-extra" Notice Nobody "DESIGN 2"
        "{path} is in the folder and not in the manifest; nothing is said about it."
        "{path} 在文件夹中，但不在清单中；对其不作任何说明。"
        ""
        "";
    FileChanged "file-changed" Error Content "DESIGN 2"
        "{path} is not the file that was stamped."
        "{path} 与被加盖的文件不同。"
        "Use the unchanged original. Renaming is harmless, any other change is not."
        "请使用未经改动的原件；改名无妨，其他改动均会导致不符。";
    FileMissing "file-missing" Gap Verifier "DESIGN 2"
        "{path} is in the manifest and not in the folder."
        "{path} 在清单中，但不在文件夹中。"
        "Put the file back where the manifest names it, or check the other files by themselves."
        "请将该文件放回清单所列位置，或单独核验其余文件。";
    FileUnreadable "file-unreadable" Gap Verifier "DESIGN 2"
        "{path} could not be checked: {cause}"
        "无法核验 {path}：{cause}"
        "Make the file readable and verify again."
        "请使该文件可读后重新核验。";
    SaltsMissing "salts-missing" Gap Verifier "DESIGN 1"
        "The files were stamped under salts, which could not be read: {cause}"
        "文件以加盐方式加盖，但无法读取盐值：{cause}"
        "Put the file with the salts beside the manifest; without it nobody can check the files."
        "请将盐值文件放在清单旁；没有它，任何人都无法核验。";
    ManifestMalformed "manifest-malformed" Error Content "DESIGN 2"
        "The manifest cannot be read: {cause}"
        "清单无法读取：{cause}"
        "Use the manifest as it was written when the folder was stamped."
        "请使用加盖文件夹时生成的原始清单。";
}
