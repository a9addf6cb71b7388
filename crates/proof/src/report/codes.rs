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
    PdfContentSame "pdf-content-same" Pass Nobody "ISO 32000-2 12.8.1"
        "The document is what was signed: every byte up to {end}, the signature itself excepted."
        "文档与签名时一致：除签名本身外，至第 {end} 字节逐字节相符。"
        ""
        "";
    PdfSignatureValid "pdf-signature-valid" Pass Nobody "RFC 5652 5.6"
        "The signature ({algorithm}) was made with the key of {signer}."
        "签名（{algorithm}）由 {signer} 的密钥作出。"
        ""
        "";
    PdfSignerNamed "pdf-signer-named" Pass Nobody "EN 319 142-1 6.3"
        "The signature names the signer's certificate, so no other can take its place."
        "签名指明了签名人证书，无法以其他证书替换。"
        ""
        "";
    PdfSignerTrusted "pdf-signer-trusted" Pass Nobody "RFC 5280 6"
        "The signer's certificate leads to the pinned authority {anchor} (SHA-256 {fingerprint}), and every certificate on the way was valid at {time}."
        "签名人证书可追溯到已确认的机构 {anchor}（SHA-256 {fingerprint}），路径上的证书在 {time} 均有效。"
        ""
        "";
    PdfTimeProven "pdf-time-proven" Pass Nobody "EN 319 142-1 6.3"
        "The signature existed no later than {time}: so says {authority}."
        "签名不晚于 {time} 已存在：由 {authority} 证明。"
        ""
        "";
    PdfRevisionsFollow "pdf-revisions-follow" Notice Nobody "EN 319 142-1 5.5"
        "What was added to the file after this signature are signatures, timestamps and validation data; the pages are as they were signed."
        "此签名之后追加的仅为签名、时间戳与验证数据；页面内容与签名时一致。"
        ""
        "";
    PdfTimeUnproven "pdf-time-unproven" Notice Nobody "EN 319 142-1 6.1"
        "No timestamp proves when the signature was made; its certificate was checked at {now}. A date shown in the document is the signer's own word."
        "没有时间戳证明签名时间；证书按 {now} 核验。文档中显示的日期仅为签名人自述。"
        ""
        "";
    PdfSignerRevokedLater "pdf-signer-revoked-later" Notice Nobody "EN 319 102-1 5.5"
        "{subject} was revoked on {date} ({reason}); the signature is proven to have existed at {time}, before that."
        "{subject} 已于 {date} 吊销（{reason}）；签名在此前的 {time} 已被证明存在。"
        ""
        "";
    PdfMetadataChanged "pdf-metadata-changed" Notice Content "ISO 32000-2 14.3"
        "Properties of the document (title, author, dates) are not those that were signed. They are not on the pages."
        "文档属性（标题、作者、日期等）与签名时不同；这些属性不在页面上。"
        "Do not rely on the title or author that a viewer shows."
        "请勿依赖阅读器显示的标题或作者。";
    PdfVisibleFieldAdded "pdf-visible-field-added" Warning Content "EN 319 142-1 5.5"
        "A visible signature field ({field}) was added to a page after this signature; it may cover what stands below it."
        "此签名之后，页面上新增了可见签名域（{field}），可能遮盖其下内容。"
        "Look at the document as it was signed: the revision that this signature covers."
        "请查看签名时的文档版本（此签名所覆盖的版本）。";
    PdfNotBaseline "pdf-not-baseline" Notice Authority "EN 319 142-1 6.3"
        "The signature is of the older kind adbe.pkcs7.detached, which is no PAdES baseline signature."
        "签名为较早的 adbe.pkcs7.detached 类型，不是 PAdES 基线签名。"
        ""
        "";
    PdfSignerNotNamed "pdf-signer-not-named" Warning Authority "EN 319 142-1 6.3"
        "The signature does not name the signer's certificate; another certificate for the same key could take its place."
        "签名未指明签名人证书；同一密钥的其他证书可能替代它。"
        "Ask for a PAdES signature where it matters which certificate was meant."
        "如需确定所用证书，请要求 PAdES 签名。";
    PdfTimeUnconfirmed "pdf-time-unconfirmed" Unconfirmed Verifier "DESIGN 1"
        "A timestamp says that the signature existed no later than {time}, but its authority ({authority}) is not pinned."
        "有时间戳称签名不晚于 {time} 已存在，但其签发机构（{authority}）未被确认。"
        "Obtain that authority's root certificate by a way you trust and give it as trusted (command line: --trust)."
        "请通过可信途径取得该机构的根证书，并指定为可信（命令行：--trust）。";
    PdfUnsigned "pdf-unsigned" Gap Verifier "ISO 32000-2 12.8"
        "The document has no signature and no timestamp inside."
        "文档内没有签名，也没有时间戳。"
        "Give the signed file; if a timestamp was made for this file, give that as well."
        "请提供已签名的文件；若曾为此文件申请时间戳，请一并提供。";
    CertificateUnsigned "certificate-unsigned" Gap Content "EN 319 142-1 6.3"
        "Nobody signed the certificate {path}: anybody could have made its pages. The record that rides in it has a verdict of its own."
        "证明 {path} 没有签名：任何人都可能制作其页面。其中所附记录另有结论。"
        "Ask for the certificate as it was signed; rely on the record and its timestamp alone."
        "请索取已签名的证明原件；目前只能依据所附记录及其时间戳。";
    CertificateOtherAuthority "certificate-other-authority" Warning Content "DESIGN 1"
        "The certificate was signed under {anchor}, and the record inside was stamped under another authority (SHA-256 {fingerprint})."
        "证明在 {anchor} 之下签名，而所附记录由另一机构（SHA-256 {fingerprint}）之下加盖。"
        "Whoever signed is not for that the operator of the node: look at the signer's name, and rely on the record."
        "签名者未必是节点运营人：请查看签名者名称，并以记录为准。";
    PdfSignerMissing "pdf-signer-missing" Gap Verifier "EN 319 142-1 6.3"
        "The signer's certificate is not in the document and was not supplied, so the signature could not be checked."
        "文档中没有签名人证书，也未另行提供，无法核验签名。"
        "Supply the signer's certificate (command line: --certificate)."
        "请提供签名人证书（命令行：--certificate）。";
    PdfMalformed "pdf-malformed" Error Content "ISO 32000-2 7"
        "The PDF file cannot be read with one meaning: {cause}."
        "PDF 文件无法得到唯一的解读：{cause}。"
        "Use the file as it was signed, without anything added to it or saved again."
        "请使用签名时的原始文件，不要追加内容或另存。";
    PdfSignatureMalformed "pdf-signature-malformed" Error Content "ISO 32000-2 12.8.1"
        "The signature cannot be read: {cause}."
        "签名无法读取：{cause}。"
        "Use the file as it was signed; this one was damaged or altered."
        "请使用签名时的原始文件；现有文件已损坏或被改动。";
    PdfKindUnsupported "pdf-kind-unsupported" Error Content "ISO 32000-2 12.8.3"
        "The signature is of a kind that is not checked here: {kind}."
        "签名类型不受支持：{kind}。"
        "Verify with a program that knows the kind, or ask for a PAdES signature."
        "请使用支持该类型的程序核验，或要求 PAdES 签名。";
    PdfRangeWrong "pdf-range-wrong" Error Content "ISO 32000-2 12.8.1"
        "What the signature covers is not one whole revision of the document: {cause}."
        "签名未完整覆盖文档的一个版本：{cause}。"
        "Do not rely on this file: parts of it may not have been signed. Ask for it as it was signed."
        "该文件不可采信：部分内容可能未被签名。请索取签名时的原始文件。";
    PdfContentChanged "pdf-content-changed" Error Content "RFC 5652 11.2"
        "The signed part of the document is not what was signed."
        "文档的已签名部分与签名时不同。"
        "Use the file as it was signed; this one was altered."
        "请使用签名时的原始文件；现有文件已被改动。";
    PdfChangedAfterSigning "pdf-changed-after-signing" Error Content "EN 319 142-1 5.5"
        "The document was changed after this signature, beyond further signatures and what belongs to them: {what}."
        "此签名之后文档被改动，且超出追加签名及其附属数据的范围：{what}。"
        "Look at the revision that the signature covers; rely on nothing that was changed later."
        "请查看签名所覆盖的版本；其后的改动不可采信。";
    PdfSignatureWrong "pdf-signature-wrong" Error Content "RFC 5652 5.6"
        "The signature is not right: it was altered, or not made by {signer}."
        "签名不正确：已被改动，或并非 {signer} 所签。"
        "Use the file as it was signed; do not rely on this one."
        "请使用签名时的原始文件；现有文件不可采信。";
    PdfAlgorithmUnsupported "pdf-algorithm-unsupported" Error Authority "RFC 5652 5.3"
        "An algorithm of the signature is broken, not supported, or does not fit the key: {oid}."
        "签名所用算法已被攻破、不受支持或与密钥不符：{oid}。"
        "Verify with a program that knows the algorithm, or ask for a new signature."
        "请使用支持该算法的程序核验，或要求重新签名。";
    PdfSignerIdMissing "pdf-signer-id-missing" Error Content "EN 319 142-1 6.3"
        "The signature does not name the signer's certificate, which a PAdES signature must."
        "签名未指明签名人证书，而 PAdES 签名必须指明。"
        "Ask for a new signature; this one leaves open who signed."
        "请要求重新签名；该签名未明确签名人。";
    PdfSignerIdWrong "pdf-signer-id-wrong" Error Content "EN 319 142-1 6.3"
        "The signature names another certificate than the one that fits the key."
        "签名指明的证书与密钥对应的证书不同。"
        "Do not rely on this signature; the certificate was exchanged."
        "该签名不可采信：证书被替换。";
    PdfSignerPurpose "pdf-signer-purpose" Error Authority "RFC 5280 4.2.1.3"
        "The signer's certificate does not allow signatures on documents."
        "签名人证书不允许用于文档签名。"
        "The signer needs a certificate for signing; ask for a new signature."
        "签名人需使用签名证书；请要求重新签名。";
    PdfSignerOutsideValidity "pdf-signer-outside-validity" Error Authority "RFC 5280 6.1.3"
        "The signature was checked at {time}; {subject} was valid only from {from} to {to}."
        "签名按 {time} 核验；{subject} 的有效期仅为 {from} 至 {to}。"
        "If the signature is older, a timestamp from then is needed to show it; ask the signer for the timestamped file."
        "若签名更早作出，须有当时的时间戳证明；请向签名人索取带时间戳的文件。";
    PdfSignerPathBroken "pdf-signer-path-broken" Error Authority "RFC 5280 6.1"
        "{subject} breaks a rule on the way from the signer to an authority: {rule}."
        "从签名人到机构的证书路径上，{subject} 违反规则：{rule}。"
        "Do not rely on this signature unless the signer can show a correct chain of certificates."
        "除非签名人能出示正确的证书链，否则该签名不可采信。";
    PdfSignerRevoked "pdf-signer-revoked" Error Authority "EN 319 102-1 5.5"
        "{subject} was revoked on {date} ({reason}), and nothing proves that the signature existed before that."
        "{subject} 已于 {date} 吊销（{reason}），且无法证明签名在此之前已存在。"
        "Ask for a new signature, or for the file with a timestamp from before that day."
        "请要求重新签名，或索取带有此前时间戳的文件。";
    PdfTimestampWrong "pdf-timestamp-wrong" Error Content "EN 319 142-1 6.3"
        "The timestamp inside the signature is not valid or belongs to another signature."
        "签名内的时间戳无效，或属于另一签名。"
        "Use the file as it was signed; the time of this signature cannot be relied on."
        "请使用签名时的原始文件；该签名的时间不可采信。";
    SimilarText "similar-text" Notice Content "DESIGN 2"
        "{path} differs from the stamped text in line ends, a byte order mark, or blanks at its beginning or end alone. Similar is not identical: the verification fails."
        "{path} 与被加盖的文本仅有换行、字节序标记或首尾空白之差。相似并非相同：核验不通过。"
        "Editors and messengers change such things as they save or send. Ask for the file as it was stamped."
        "编辑器与聊天软件在保存、传送时会改动这些地方。请索取加盖时的那一份文件。";
    FileRenamed "file-renamed" Notice Nobody "DESIGN 2"
        "{path} stands in the record as {name}. The content is the same; a name does no harm."
        "{path} 在记录中名为 {name}。内容相同，改名无妨。"
        ""
        "";
    StampMissing "stamp-missing" Gap Verifier "RFC 3161 2.4.2"
        "No timestamp was given for {path}, so nothing shows since when it exists or that it is unchanged."
        "没有放入 {path} 的时间戳，因此无从得知它何时已存在、是否改动。"
        "Put its token down too: record.tsr beside record.json, package.tsr beside package.json."
        "请一并放入其令牌：record.json 旁的 record.tsr，或 package.json 旁的 package.tsr。";
    RecordStamped "record-stamped" Pass Nobody "RFC 3161 2.4.2"
        "The record is, byte for byte, what was stamped: its {algorithm} digest is the one in the token."
        "存证记录与被加盖的内容逐字节一致：其 {algorithm} 摘要与令牌中的相同。"
        ""
        "";
    RecordChanged "record-changed" Error Content "RFC 3161 2.4.2"
        "The record is not what was stamped, so nothing that it says counts: its {algorithm} digest is {actual}, the token's is {expected}."
        "存证记录不是被加盖的那一份，其内容不予采信：其 {algorithm} 摘要为 {actual}，令牌中为 {expected}。"
        "Use the record as it was handed out, unchanged, with its own token."
        "请使用最初交付的原样记录及其对应的令牌。";
    RecordMalformed "record-malformed" Error Content "DESIGN 2"
        "The record cannot be read: {cause}"
        "存证记录无法读取：{cause}"
        "Use the record as it was handed out; it was changed, or saved anew by another program."
        "请使用最初交付的记录；现有文件已被改动，或被其他程序重新保存。";
    RecordMisplaced "record-misplaced" Warning Content "DESIGN 2"
        "The record in {path} has the number {number}, which is not the one of its folder."
        "{path} 中的记录编号为 {number}，与所在文件夹不符。"
        "Go by the number in the record."
        "请以记录中的编号为准。";
    DisclosureMalformed "disclosure-malformed" Error Content "DESIGN 2"
        "What shows one file of a record cannot be read: {cause}"
        "单个文件的出示凭据无法读取：{cause}"
        "Use the file as it was handed out."
        "请使用最初交付的文件。";
    FileProven "file-proven" Pass Nobody "RFC 9162 2.1.3"
        "This file is number {place} of {count} in the record: its proof leads to the record's root."
        "该文件是记录中 {count} 个文件的第 {place} 个：其证明可达记录的根。"
        ""
        "";
    FileNotProven "file-not-proven" Error Content "RFC 9162 2.1.3"
        "The proof that this file stands in the record does not hold."
        "该文件属于此记录的证明不成立。"
        "Use what its owner handed out, or ask for it again."
        "请使用权利人最初交付的文件，或重新索取。";
    ListProven "list-proven" Pass Nobody "RFC 9162 2.1.1"
        "The list of files is the record's: {count} files under its root."
        "文件清单属于此记录：共 {count} 个文件，根一致。"
        ""
        "";
    ListMissing "list-missing" Gap Verifier "RFC 9162 2.1.1"
        "The list of the record's files was not given, so no file can be compared; the record holds {count}."
        "没有放入记录的文件清单，无法比对文件；记录中共有 {count} 个。"
        "Put down files.json of the record, which may be called after its number."
        "请放入该记录的 files.json（文件名前可能带有存证编号）。";
    ListWrong "list-wrong" Error Content "RFC 9162 2.1.1"
        "{path} is not the list of this record: its root, number or sizes are others."
        "{path} 不是此记录的文件清单：根、数量或大小不符。"
        "Use the list as it was handed out with the record."
        "请使用随记录交付的原始清单。";
    PartMalformed "part-malformed" Error Content "DESIGN 2"
        "{path} cannot be read: {cause}"
        "{path} 无法读取：{cause}"
        "Use the file as it was handed out with the record."
        "请使用随记录交付的原始文件。";
    RecordFilesSame "record-files-same" Pass Nobody "DESIGN 2"
        "The same as in the record: {count} of {total} files."
        "与记录一致的文件：{total} 个中的 {count} 个。"
        ""
        "";
    RecordFilesNotGiven "record-files-not-given" Gap Verifier "DESIGN 2"
        "Not put down: {count} of the record's {total} files."
        "记录中的 {total} 个文件有 {count} 个未放入。"
        "Put down the files that matter; the record's own verdict does not rest on them."
        "请放入需要比对的文件；记录本身的真伪不受影响。";
    SaltNotGiven "salt-not-given" Gap Verifier "DESIGN 1"
        "{path} is known to the record by a commitment alone, and its salt was not put down."
        "记录仅以承诺值载明 {path}，而其盐值未放入。"
        "Put the file with its salts down too; without it nobody can compare the file."
        "请一并放入其盐值文件；没有它，任何人都无法比对。";
    OpeningsFit "openings-fit" Pass Nobody "DESIGN 2"
        "What is opened is what the record commits to: {count} openings."
        "所出示的内容与记录中的承诺值一致：共 {count} 项。"
        ""
        "";
    OpeningWrong "opening-wrong" Error Content "DESIGN 2"
        "What is said to stand behind {part} is not what the record commits to; it is not shown."
        "所称的 {part} 与记录中的承诺值不符，不予显示。"
        "Ask the owner for the openings as they were handed out; the record itself is not touched by this."
        "请向权利人索取原始的开启文件；记录本身不受影响。";
    PackageComplete "package-complete" Pass Nobody "DESIGN 2"
        "The package holds every file of its manifest unchanged, and no other: {count}."
        "证据包内的文件与其清单完全一致，无缺失、改动或多余：共 {count} 个。"
        ""
        "";
    PackageManifestMissing "package-manifest-missing" Gap Verifier "DESIGN 2"
        "The package has no {path}: whether files were added, changed or taken out of it cannot be known. The records in it stand by themselves."
        "证据包缺少 {path}：无法得知包内文件是否被增加、改动或取出。其中的记录各自独立成立与否，见各记录。"
        "Use the package as it was handed out."
        "请使用最初交付的证据包。";
    ZipRefused "zip-refused" Gap Content "APPNOTE 6.3.10"
        "{path} was not opened, and nothing in it was checked: {cause}."
        "未打开 {path}，其中内容均未核验：{cause}。"
        "Use the archive as it was handed out; or unpack it with a program that you trust, and put the folder down."
        "请使用最初交付的压缩包；或用您信任的程序解压后，放入整个文件夹。";
}
