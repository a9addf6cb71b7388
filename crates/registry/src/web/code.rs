//! Every code that a refusal may carry: its status, what it means and what to do, as the reference at `/api` tells it.
//!
//! A refusal holds a [`Code`], so that none can be raised which is not told here; a test below finds what is told and never
//! raised.

use super::api::{Text, text};
use axum::http::StatusCode;

/// What the reference says of a code.
pub(super) struct Entry {
    pub title: Text,
    pub means: Text,
    pub remedy: Text,
}

macro_rules! codes {
    ($($name:ident $code:literal $status:literal
        $title_zh:literal $title_en:literal $means_zh:literal $means_en:literal $do_zh:literal $do_en:literal;)+) => {
        /// What programs know a refusal by.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Code {
            $(#[doc = $title_en] $name,)+
        }

        impl Code {
            /// All of them, as the reference lists them.
            pub const ALL: &[Self] = &[$(Self::$name),+];

            /// Its text in a problem.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$name => $code,)+ }
            }

            /// The status of an answer that has it.
            #[must_use]
            pub fn status(self) -> StatusCode {
                let status = match self { $(Self::$name => $status,)+ };
                StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
            }

            /// What the reference says of it.
            pub(super) fn entry(self) -> Entry {
                match self {
                    $(Self::$name => Entry {
                        title: text($title_zh, $title_en),
                        means: text($means_zh, $means_en),
                        remedy: text($do_zh, $do_en),
                    },)+
                }
            }
        }
    };
}

codes! {
    Field "field" 422
        "某一字段不能使用" "A field cannot be used"
        "field 指出是哪一项；remedy 说明它应当怎样。没有办理任何事。"
        "field names it, and remedy says what it must be. Nothing was done."
        "改正这一项后重发。"
        "Mend that field and send again.";
    Query "query" 400
        "查询中有不认识的名称" "The query has an unknown name"
        "field 是这一名称；此操作不认识它，所以没有办理，以免写错的筛选被当作没有筛选。"
        "field is that name. The operation does not know it and did nothing, so that a filter that is mistyped is not taken for none."
        "remedy 列出此操作的全部名称；改正后重发。"
        "remedy lists all names of the operation; mend it and send again.";
    Form "form" 422
        "内容无法读取" "What was sent cannot be read"
        "内容不是所要的类型，或有控制字符，或过长。"
        "It is not of the type that is taken here, holds control characters, or is too long."
        "按本页所列的类型与字段重发。"
        "Send the type and the fields that this reference lists.";
    SignIn "sign-in" 401
        "没有密钥，或密钥无效" "There is no key, or it is not good"
        "请求没有密钥，或密钥写错、已到期、已终止，或它的用户已离开机构。"
        "The request has no key, or one that is mistyped, has run out or was ended, or whose person left the organisation."
        "在 Authorization 头中给出有效的密钥；新密钥在 /account/keys 创建，或用 shiyin login 取得。"
        "Give a valid key in the Authorization header; a new one is made at /account/keys or by shiyin login.";
    NotAllowed "not-allowed" 403
        "你的角色不能这样做" "The role may not do that"
        "密钥有效，但它的用户在这一机构中没有所需的角色，或密钥不属于机构。"
        "The key is good, but its person lacks the role in the organisation, or the key is not of an organisation."
        "请机构的所有者给予角色，或用该机构的密钥。"
        "Ask an owner of the organisation for the role, or use a key of that organisation.";
    Scope "scope" 403
        "密钥没有所需的权限" "The key lacks a scope"
        "密钥有效，但不含此操作所需的权限；title 与 WWW-Authenticate 指出是哪一项（RFC 6750）。"
        "The key is good, but not for this operation; title and WWW-Authenticate name the scope that is missing (RFC 6750)."
        "在 /account/keys 创建含该权限的密钥，或用 shiyin login --scope 取得；已有的密钥不能增加权限。"
        "Make a key with that scope at /account/keys or by shiyin login --scope; the scopes of a key cannot be widened.";
    Frozen "frozen" 403
        "账号已冻结" "The account is frozen"
        "冻结期间只保存数据，不办理其他事。"
        "While it is frozen its data is kept and nothing else is done."
        "向运营者询问原因；个人数据仍可在“隐私与数据”页导出。"
        "Ask the operator for the reason; the Privacy page still exports the data.";
    StaleForm "stale-form" 403
        "表单已失效" "The form is no longer good"
        "仅见于网页：其间登录或退出过。"
        "Pages only: somebody signed in or out in the meantime."
        "重新打开页面，从那里提交。"
        "Open the page again and send from there.";
    OtherSite "other-site" 403
        "来自其他网站" "It came from another site"
        "仅见于浏览器：改变数据的请求不是本站页面发出的。"
        "Browsers only: a request that changes something did not come from a page of this site."
        "从本站的页面提交；程序不要带 Origin 头。"
        "Send from a page of this site; a program sends no Origin header.";
    NotFound "not-found" 404
        "没有这一项，或属他人" "There is none, or it is another's"
        "地址中的编号不存在，或不属于这一密钥的用户；两者应答相同。"
        "What the address names is not there, or is not the key's; both are answered alike."
        "核对编号与密钥所属的用户或机构。"
        "Check the number, and whose the key is.";
    MethodNotAllowed "method-not-allowed" 405
        "此地址不接受此方法" "The address does not take this method"
        "地址对，方法不对。"
        "The address is right, the method is not."
        "用本页所列的方法。"
        "Use the method that this reference lists.";
    InProgress "in-progress" 409
        "同一键的请求正在办理" "A request with the same key is being carried out"
        "同一 Idempotency-Key 的前一请求还没有办完。"
        "The first request with this Idempotency-Key has not ended."
        "几秒后原样重发，应答与前一请求相同。"
        "Send the same again in a few seconds; it is answered as the first.";
    NotHeld "not-held" 409
        "这一批已确认，不能再改" "The batch was confirmed and cannot be changed"
        "只有以 hold 提交且未确认的批次可以改动或放弃。"
        "Only a batch that was sent with hold can be changed or dropped, until it is confirmed."
        "重新读取这一批，看它到了哪一步。"
        "Read the batch again and see where it stands.";
    Stopped "stopped" 409
        "这一批已停止" "The batch was stopped"
        "提交者已注销、被冻结，或不能再为此所有者申请，未办的各项不再办理；已生成的记录不受影响。"
        "Whoever sent it was erased, is frozen, or may not apply for its owner any more, so that further items are not made; its records stay."
        "由有权的人重新提交没有记录的各项。"
        "Send the items that have no record again, by somebody who may.";
    InsufficientBalance "insufficient-balance" 402
        "余额不足" "The balance does not reach"
        "办理此事的费用多于可用余额。没有加盖时间戳，也没有扣费。"
        "It costs more than can be spent. Nothing was stamped or charged."
        "在 remedy 所指的页面充值，或请机构的所有者充值，再重发。"
        "Top up at the page that remedy names, or ask an owner of the organisation to, and send again.";
    FreeUnitsUsed "free-units-used" 402
        "本月免费份数已用完" "The free units of this month are used"
        "本节点在没有价格时只给一定份数。没有加盖时间戳。"
        "Where nothing costs anything, this node gives so many units a month. Nothing was stamped."
        "下月一日（UTC）重新计数；或向运营者询问。"
        "They are counted anew on the first of the next month, UTC; or ask the operator.";
    PriceChanged "price-changed" 409
        "价格已变" "The prices changed meanwhile"
        "看过的费用与现在的不同。没有加盖时间戳，也没有扣费。"
        "The cost that was looked at is not the cost now. Nothing was stamped or charged."
        "重新询价，同意后再发。"
        "Ask for the cost again, and send if it is agreed to.";
    Provider "provider" 502
        "支付服务没有应答" "The provider of payments does not answer"
        "付款未能开始，没有付出任何款项。"
        "The payment could not be begun. Nothing was paid."
        "几分钟后再试。"
        "Try again in a few minutes.";
    AuthorizationPending "authorization_pending" 400
        "用户还没有决定" "The person has not decided yet"
        "设备登录（RFC 8628）：代码还没有被准许或拒绝。"
        "Device login (RFC 8628): the code was neither allowed nor refused."
        "等待 interval 秒后再问。"
        "Ask again after interval seconds.";
    SlowDown "slow_down" 400
        "问得太快" "The questions come too fast"
        "设备登录（RFC 8628）：两次询问之间少于 interval 秒。"
        "Device login (RFC 8628): less than interval seconds lie between two questions."
        "把间隔延长五秒。"
        "Wait five seconds longer each time.";
    AccessDenied "access_denied" 400
        "用户拒绝了" "The person refused"
        "设备登录（RFC 8628）：这一代码不会得到密钥。"
        "Device login (RFC 8628): there will be no key for this code."
        "如属误会，重新开始。"
        "Begin again if that was a mistake.";
    ExpiredToken "expired_token" 400
        "代码已过期" "The code has run out"
        "设备登录（RFC 8628）：过了时限，或密钥已被取走一次。"
        "Device login (RFC 8628): its time is over, or its key was fetched once."
        "重新开始。"
        "Begin again.";
    WebhooksOff "webhooks-off" 409
        "本节点不推送事件" "This node sends no events"
        "运营者关闭了推送；事件仍可列出。"
        "The operator switched sending off; events are listed all the same."
        "定期读取事件列表，或向运营者询问。"
        "Read the list of events from time to time, or ask the operator.";
    WebhookDisabled "webhook-disabled" 409
        "这个接收端已停用" "The webhook is disabled"
        "停用的接收端不再收到任何内容，测试与重发也不例外。"
        "Nothing is sent to a webhook that is disabled, no test and nothing again."
        "先启用它，再重试。"
        "Enable it, and try again.";
    DeliveryUnderWay "delivery-under-way" 409
        "正在投递" "The delivery is under way"
        "此刻正在发送，不能同时再发一次。"
        "It is being sent at this moment, and cannot be sent a second time beside that."
        "稍后读取其结果，需要时再重发。"
        "Read in a moment what came of it, and send it again if need be.";
    TooLarge "too-large" 413
        "超过上限" "It is more than is taken"
        "请求的内容大于此地址的上限；待核验的文件本来就不必发送。"
        "The body is larger than this address takes; a file to be verified is never sent."
        "分成几次发送，或只发送摘要。"
        "Send it in parts, or send digests.";
    TooMany "too-many" 429
        "请求太多" "Too many requests"
        "超过了密钥或地址的限额。"
        "It is more than the limit of the key or of the address."
        "等 Retry-After 秒后再发。"
        "Wait for the seconds of Retry-After.";
    TooSlow "too-slow" 503
        "应答太慢" "The answer took too long"
        "可能已办理了一部分。"
        "Part of it may be done."
        "先看结果；带 Idempotency-Key 原样重发是安全的。"
        "Look at the result first; to send the same again with its Idempotency-Key is safe.";
    Broken "broken" 500
        "本节点故障" "Something is broken here"
        "问题在本节点，不在请求。"
        "The fault is the node's, not the request's."
        "稍后重发；把查询号 instance 告诉运营者。"
        "Send again later, and give the operator the enquiry number in instance.";
    Header "header" 400
        "上传：请求头不合协议" "Uploads: a header is not what the protocol says"
        "缺少一个请求头，或其内容不合 tus 1.0.0。"
        "A header is missing, or is not what tus 1.0.0 says."
        "remedy 指出是哪一个；按协议发送。"
        "remedy names it; send it as the protocol says.";
    Version "version" 412
        "上传：协议版本不同" "Uploads: another version of the protocol"
        "Tus-Resumable 不是 1.0.0。"
        "Tus-Resumable is not 1.0.0."
        "发送 Tus-Resumable: 1.0.0。"
        "Send Tus-Resumable: 1.0.0.";
    MediaType "media-type" 415
        "上传：内容类型不同" "Uploads: another media type"
        "PATCH 的内容类型不是协议所定的。"
        "The media type of a PATCH is not the protocol's."
        "发送 Content-Type: application/offset+octet-stream。"
        "Send Content-Type: application/offset+octet-stream.";
    Concatenation "concatenation" 501
        "上传：不支持拼接" "Uploads: parts are not joined here"
        "请求带有 Upload-Concat。"
        "The request has Upload-Concat."
        "每个文件从头到尾发送；可同时发送几个文件。"
        "Send each file from its beginning to its end, several files at once if you like.";
    Offset "offset" 409
        "上传：偏移量与已收到的不符" "Uploads: the offset is not what is here"
        "Upload-Offset 不是已收到的字节数。"
        "Upload-Offset is not the number of bytes that are here."
        "用 HEAD 询问偏移量，从那里继续。"
        "Ask for the offset with HEAD and go on from there.";
    Locked "locked" 423
        "上传：另有程序正在写" "Uploads: another program is writing"
        "同一上传同时只能由一个程序写入。"
        "One program at a time writes an upload."
        "等它结束，询问偏移量，再继续。"
        "Wait until it has ended, ask for the offset, and go on.";
    Cut "cut" 408
        "上传：途中断了" "Uploads: it broke off"
        "内容没有到齐；已到的字节保留。"
        "Not all of it arrived; what arrived is kept."
        "询问偏移量，从那里继续。"
        "Ask for the offset and go on from there.";
    FileLarge "file-large" 413
        "上传：文件超过上限" "Uploads: the file is larger than is taken"
        "文件大于本节点对单个文件的上限。"
        "It is larger than one file may be at this node."
        "以摘要加盖时间戳，原件自行保存；或请运营者提高上限。"
        "Stamp it by its digest and keep it yourself, or ask the operator for a higher limit.";
    PieceLarge "piece-large" 413
        "上传：一次发得太多" "Uploads: too much at once"
        "带校验值的一段大于上限。"
        "A piece with a checksum is larger than is taken."
        "分成小段，或不带校验值：整个文件最后会核对。"
        "Send smaller pieces, or leave the checksum out: the whole file is checked at the end.";
    MoreThanSaid "more-than-said" 413
        "上传：比声明的多" "Uploads: more than was said"
        "到来的字节多于 Upload-Length。"
        "More bytes arrive than Upload-Length said."
        "以正确的长度开始新的上传。"
        "Begin a new upload with the right length.";
    Quota "quota" 413
        "上传：超过可存放的总量" "Uploads: more than may be kept"
        "这一用户或机构存放的原件已近上限。"
        "The originals of this person or organisation are near their limit."
        "移除不再需要的原件，或请运营者提高上限。"
        "Remove originals that are no longer needed, or ask the operator for more.";
    UploadsMany "uploads-many" 429
        "上传：未完成的太多" "Uploads: too many are unfinished"
        "开始了太多上传而没有完成。"
        "Too many uploads were begun and not finished."
        "完成或放弃其中一些，再继续。"
        "Finish some of them or give them up, then go on.";
    DigestMissing "digest-missing" 422
        "上传：没有给出摘要" "Uploads: no digest was given"
        "全部字节已到，但没有说明摘要，无法核对。"
        "All bytes are here, and there is no digest to check them by."
        "在 Upload-Metadata 中以 sha256 给出十六进制摘要，最后发一个空的 PATCH。"
        "Give the SHA-256 in hexadecimal as sha256 in Upload-Metadata, with an empty PATCH at the end.";
    DigestSaid "digest-said" 409
        "上传：摘要前后不一" "Uploads: another digest was given before"
        "这一上传先前给出的是另一摘要。"
        "This upload was given another digest before."
        "为另一文件开始新的上传。"
        "Begin a new upload for the other file.";
    Digest "digest" 460
        "上传：到来的不是所计算的文件" "Uploads: what arrived is not the file that was hashed"
        "全部字节的摘要与所给的不符；内容已丢弃。"
        "The digest of all bytes is not the one given; the content was thrown away."
        "如果文件改动过，重新计算摘要，再上传。"
        "If the file changed meanwhile, hash it again, then upload it anew.";
    Checksum "checksum" 460
        "上传：一段与校验值不符" "Uploads: a piece does not fit its checksum"
        "这一段在途中变了，没有保留。"
        "The piece changed on its way; nothing of it was kept."
        "重发这一段。"
        "Send the piece again.";
    OriginalDiffers "original-differs" 422
        "上传的原件与记录的摘要不符" "An original does not fit the record's digest"
        "上传的内容不是申请中所写的文件，或已移除。"
        "What was uploaded is not the file of the application, or was removed."
        "重新上传该文件，或从申请中去掉它。"
        "Upload that file again, or remove it from the application.";
    RecordSalted "record-salted" 422
        "加盐的记录不存放原件" "A salted record keeps no originals"
        "这种记录对本节点隐去内容。"
        "Such a record hides its content from this node."
        "自行保存文件与盐；或另做一条存放原件的记录。"
        "Keep the files and salts yourself, or make a record that deposits.";
    DiskFull "disk-full" 507
        "空间不足" "There is no room left"
        "本节点的存储已满；已到的字节保留。"
        "The node's storage is full; what arrived is kept."
        "稍后再试，或告诉运营者。"
        "Try again later, or tell the operator.";
    StorageAway "storage-away" 503
        "存储暂时不可用" "The storage does not answer"
        "存放原件的地方没有应答；已到的字节保留。"
        "The place where originals lie does not answer; what arrived is kept."
        "几分钟后再试；如仍如此，告诉运营者。"
        "Try again in a few minutes; if it goes on, tell the operator.";
    DepositOff "deposit-off" 403
        "本节点不存放原件" "This node keeps no originals"
        "运营者没有开启存放。"
        "The operator did not switch deposits on."
        "以摘要加盖时间戳，原件自行保存。"
        "Stamp files by their digests and keep them yourself.";
    Blocked "blocked" 451
        "依法不得提供" "It may not be given, by law"
        "这一内容已被封禁。"
        "The content was blocked."
        "如有异议，向运营者提出。"
        "Ask the operator if you disagree.";
    OriginalLost "original-lost" 503
        "原件暂时无法取回" "The original cannot be given back now"
        "没有一份完好的副本可取；记录与令牌仍然有效。"
        "No good copy of it can be read; the record and its token stay valid."
        "告诉运营者；如你有该文件，重新上传即归原位。"
        "Tell the operator; if you have the file, upload it again and it takes its old place.";
    OriginalBound "original-bound" 409
        "原件属于另一所有者" "The original is another owner's"
        "已上传的原件不属于这次申请的用户或机构。"
        "What was uploaded is not of the person or organisation that applies."
        "以该用户或机构的名义重新上传。"
        "Upload it again for whom the application is.";
    Held "held" 409
        "原件被保全" "The original is under a hold"
        "在保全解除之前不能移除。"
        "It cannot be removed before the hold is lifted."
        "先解除自己的保全；运营者所设的，向运营者询问原因。"
        "Lift your own hold first; for one of the operator, ask the operator for the reason.";
}

#[cfg(test)]
mod tests {
    use super::*;
    use proof::report::Language;
    use std::collections::BTreeSet;
    use std::path::Path;

    #[test]
    fn each_code_is_one_and_says_everything_in_both_languages() {
        let names: BTreeSet<&str> = Code::ALL.iter().map(|code| code.name()).collect();
        assert_eq!(names.len(), Code::ALL.len(), "one of them stands twice");
        let chinese = |text: &str| text.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c));
        for code in Code::ALL {
            assert_eq!(
                code.name(),
                code.name().to_ascii_lowercase().replace(|c: char| !c.is_ascii_alphanumeric() && c != '_', "-")
            );
            let status = code.status().as_u16();
            assert!((400..600).contains(&status) && (status != 500 || *code == Code::Broken), "{code:?} {status}");
            let entry = code.entry();
            for one in [entry.title, entry.means, entry.remedy] {
                // What is to be sent is the same in both languages, and stands there in a sentence.
                assert!(chinese(one.of(Language::Zh)) && !one.of(Language::En).is_empty(), "{code:?}");
                assert!(!chinese(one.of(Language::En)), "{code:?}");
            }
        }
    }

    #[test]
    fn each_code_is_raised_somewhere() {
        let crates = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let mut folders: Vec<_> =
            ["registry/src", "intake/src", "exhibit/src"].iter().map(|folder| crates.join(folder)).collect();
        let mut said = BTreeSet::new();
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else if path.extension().is_some_and(|end| end == "rs") && !path.ends_with("web/code.rs") {
                    let text = std::fs::read_to_string(&path).unwrap();
                    let names = text.split("Code::").skip(1);
                    said.extend(
                        names.map(|rest| rest.chars().take_while(char::is_ascii_alphanumeric).collect::<String>()),
                    );
                }
            }
        }
        let silent: Vec<_> = Code::ALL.iter().filter(|code| !said.contains(&format!("{code:?}"))).collect();
        assert!(silent.is_empty(), "told in the reference, and never raised: {silent:?}");
    }
}
