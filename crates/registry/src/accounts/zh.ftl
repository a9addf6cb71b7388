# Shared
list-comma = 、
colon = ：
name = 姓名或称呼
name-help = 其他成员和运营者会看到它；不作真实身份核验。
name-wrong = 请填写 1 至 120 个字。
mail = 电子邮箱
mail-help = 用于登录、找回账号与安全通知，不公开。
mail-wrong = 这不是可用的邮箱地址，请核对，例如 lin@example.org。
password = 密码
password-new = 新密码
password-help = 至少 10 个字符，可以是一句话。不限制字符种类，无需定期更换。
password-short = 密码太短，请至少用 10 个字符。
password-long = 密码太长，请不超过 256 个字符。
password-guessable = 这个密码容易被猜到：含有您的姓名或邮箱、连续字符，或字符重复太多。请换一个。
password-set = 改密码后，其他设备都要重新登录。
password-none = 尚未设置密码，目前用通行密钥登录。
password-change = 更改密码
save = 保存
remove = 移除
made = 创建于
used = 最近使用
since = 起始
until = 有效至
state = 状态
digest = 摘要
roles = 角色
settings = 设置
operator = 运营
take-back = 撤回
code = 验证码
code-act = 确定
code-help = 八个字母或数字，大小写均可，一小时内有效。
code-lead = 我们向您填写的邮箱发了一封邮件。请把其中的验证码填在这里，且须在发起操作的同一浏览器中填写。
code-part = 邮件中的验证码
code-part-note = 没有收到时，请查看垃圾邮件，或请运营者转告。
code-wrong = 验证码不对，还可再试 { $left } 次。
code-over = 验证码不对，次数已用完，请从头开始。
code-gone = 验证码已失效，或不是在此浏览器中发起的，请从头开始。
called-you = 您
called-node = 本节点
called-anyone = 访客
called-erased = 已注销者（{ $id }）
last-operator = 至少须有一位管理员，请先任命另一位。

# Registering
register = 注册
register-lead = 注册后可以申请时间戳、保存证明。验证文件不需要账号。
register-part = 新账号
register-part-note = 境外用户无需中国手机号。
register-act = 发送验证码
register-invited = 本节点只接受受邀者注册。
register-invited-note = 请使用收到邀请的邮箱。
consent = 使用条款
consent-data = 个人信息
consent-needed = 请先阅读并勾选。
consent-terms-text = 我同意使用条款：我只为自己有权处理的内容申请时间戳；时间戳证明内容不晚于所示时刻已经存在，不证明由谁创作，也不代替登记或公证；账号由我本人保管和使用。
consent-privacy-text = 我知悉并同意：为提供账号，本节点处理我的姓名或称呼、邮箱、登录设备与网络地址、操作记录，以及我为作品填写的内容、文件名与摘要；内容加密保存，账号存续期间保留，网络日志至少保留六个月；注销后，已盖时间的记录（其中人名与名称只有承诺值）、文件摘要与时间戳仍会保留；我可以查阅、复制、更正、导出、注销，并可撤回同意。
consent-identity-text = 我单独同意：为核验真实身份，本节点处理我的证件姓名、号码及所上传的证件影像（敏感个人信息），仅用于核验；影像在决定后按所示天数删除，对外只显示掩码后的姓名与号码。不同意不影响其他功能。
consent-identity-provider = 选择由机构比对时，姓名、国家或地区、证件种类与号码会提供给 { $name }。
consent-show-name-text = 我单独同意：在公开的验证页面上显示我的姓名。未同意时，公开页面不显示姓名，只有持有链接密钥的人可以看到。

# First administrator
administrator = 成为管理员
administrator-lead = 安装时显示的一次性令牌可使一个账号成为本节点的管理员，仅可用一次。
administrator-part = 一次性令牌
administrator-note = 令牌丢失时，在服务器上运行 shiyin operator-token 可取得新的令牌，旧令牌随即失效。
administrator-token = 令牌
administrator-token-help = 由 shiyin setup 或 shiyin operator-token 显示的 64 个字符。
administrator-mail-help = 由您自己核对，不发送验证码。
administrator-act = 成为管理员
administrator-wrong = 令牌不对或已被使用。请在服务器上运行 shiyin operator-token。
administrator-known = 此邮箱已有账号，请先登录，再回到本页。

# Signing in
sign-in = 登录
sign-in-part = 您的账号
sign-in-note = 验证文件与查看公示不需要账号。
sign-in-passkey = 用通行密钥登录
sign-in-passkey-note = 用设备的指纹、面容或锁屏密码，不传送任何密码。也可以在下面用密码登录。
sign-in-act = 登录
sign-in-lost = 忘记密码
sign-in-register = 注册
sign-in-wrong = 邮箱或密码不对，还可再试 { $left } 次；也可改用通行密钥，或重设密码。
second-lead = 密码正确。还需要您设置的第二项凭据。
second-part = 第二项凭据
second-code = 动态码或恢复码
second-help = 验证器应用中的六位动态码，或一个未用过的恢复码。
second-wrong = 动态码不对或已用过，请等待下一个。
again = 请再次确认是您本人
again-lead = 接下来的操作影响账号安全或不可撤销，因此需要再次确认。确认后 15 分钟内有效。
again-part = 再次确认
again-note = 使用通行密钥或密码。
again-act = 确认
sign-out = 退出登录
sign-out-note = 只结束此设备上的登录。

# Recovering
recover = 重设密码
recover-lead = 请填写账号的邮箱。若有此账号，会收到验证码。
recover-part = 找回
recover-note = 出于安全，无论是否有此账号，页面显示相同。
recover-act = 发送验证码
recover-code-lead = 请填写邮件中的验证码与新密码，须在发起操作的同一浏览器中填写。
recover-second-help = 仅在设置过动态码时需要。全部丢失时，请联系运营者。
recover-finish = 设置新密码

# The account
account = 账号
account-who = 您是谁
account-who-note = 这些内容加密保存；密钥销毁后无法读取。
account-since = 注册于
account-id = 账号编号
account-rooms = 管理
account-change = 更改
identity-room = 由运营者或核验机构确认您是谁
security-room = 通行密钥、动态码、密码、登录中的设备
keys-room = 供程序使用
privacy-room = 同意的记录、导出、注销
history-room = 谁在何时做了什么
operator-room = 账号、审核、举报、待发邮件
mail-change = 更改邮箱
mail-change-note = 新邮箱须回复验证码，旧邮箱会收到通知。
mail-change-act = 发送验证码
mail-new = 新邮箱

# Security
security = 登录与安全
security-lead = 通行密钥最安全：不会被骗走，也没有可泄露的密码。
passkey-failed = 没有完成。请在设备上确认；若设备上没有本站的通行密钥，请用密码登录。
passkeys = 通行密钥
passkeys-note = 每台设备或每把安全钥匙一个。
passkeys-none = 还没有通行密钥
passkeys-none-note = 添加后即可不用密码登录。
passkeys-many = 最多 { $limit } 个，请先移除不用的。
passkey-make = 添加通行密钥
passkey-label = 名称
passkey-label-help = 便于日后辨认，例如「办公室电脑」。
passkey-unnamed = 未命名
passkey-unfit = 未能添加通行密钥。请在本站页面重试，并在设备上完成指纹、面容或锁屏验证。
passkey-unknown = 此通行密钥不属于任何账号，或验证未完成。请重试，或用密码登录。
totp = 动态码
totp-note = 手机验证器应用每 30 秒生成的六位数字，在密码之后输入。
totp-on = 已启用
totp-off = 未启用
totp-set = 启用动态码
totp-remove = 停用动态码
totp-lead = 用验证器应用扫描图形，或手工输入下面的密钥，然后填写应用显示的六位数字。
totp-scan = 密钥只在此处显示一次。
totp-picture = 供验证器应用扫描的二维码
totp-code = 应用显示的六位数字
totp-finish = 确认启用
recovery = 恢复码
recovery-note = 手机丢失时，每个恢复码可代替动态码一次。请抄写或打印，离线保管。
recovery-left = 还剩 { $count } 个未用的恢复码。
recovery-make = 生成新的恢复码
recovery-once = 恢复码只显示这一次。
recovery-once-note = 先前的恢复码已全部失效。
recovery-kept = 已妥善保管
sessions = 登录中的设备
sessions-note = 不认识的设备请立即结束其登录，并更改密码。
sessions-end = 结束其他所有登录
session-device = 设备与网络地址
session-began = 登录于
session-seen = 最近使用
session-this = 当前设备
session-end = 结束
session-unknown = 未知设备

# API keys
keys = 接口密钥
keys-lead = 让程序代您操作。密钥不能做超出您角色的事，您离开组织后随即失效。
keys-note = 密钥本身不保存，只保存其摘要。
keys-none = 还没有接口密钥
keys-none-note = 创建后列在这里，附最近使用时间。
keys-many = 有效密钥过多，请先停用不用的。
key-new = 新密钥
key-new-note = 权限越少、期限越短越安全。
key-label = 用途
key-label-help = 例如「每晚备份审计记录」。
key-label-wrong = 请填写 1 至 60 个字。
key-of = 代表
key-own = 我本人
key-scopes = 权限
key-scopes-missing = 请至少选一项。
key-life = 期限
key-days = { $days } 天
key-make = 创建密钥
key-made = 新密钥
key-once = 密钥只显示这一次。
key-once-note = 请立即存入密码管理器或程序的机密存储，不要写进代码。
key-kept = 已保存
key-end = 停用
key-ended = 已停用
key-expired = 已过期
scope-account-read = 读取账号与组织
scope-history-read = 读取操作记录
scope-members-read = 读取组织成员

# Programs that sign in by a code
device = 登录程序
device-lead = 您电脑上的程序请求代您操作。密码不会离开本站。
device-note = 用 shiyin login 登录，程序自行取得密钥，无需复制。
device-type = 输入代码
device-type-note = 只输入您自己的程序此刻显示的代码，不要输入别人发来的代码。
device-code = 代码
device-code-help = 八位字母和数字，例如 ABCD-2345，十分钟内有效。
device-code-wrong = 没有程序使用此代码，或代码已过期。请与程序显示的核对，或在程序中重新开始。
device-look = 继续
device-ask = 允许此程序代您操作吗？
device-who = 请求者
device-who-note = 名称和电脑名由程序自己提供。
device-label = 程序
device-host = 电脑
device-from = 网络地址
device-host-wrong = 电脑名最多 100 个字。
device-scopes-wrong = 请至少请求一项权限，且只请求存在的权限。
device-compare = 程序显示的代码是 { $code } 吗？
device-compare-note = 若不同，或不是您自己发起的，请拒绝。
device-what = 允许的范围
device-what-note = 可去掉不需要的权限。密钥可随时在「接口密钥」中停用。
device-allow = 允许
device-not = 不允许
device-not-note = 程序不会得到密钥。
device-refuse = 拒绝
device-pending = 用户尚未决定。
device-pending-do = 请按间隔再次查询。
device-slow = 查询过于频繁。
device-slow-do = 请按给定的间隔等待。
device-denied = 请求已被拒绝。
device-denied-do = 若属误操作，请重新开始。
device-expired = 代码已过期，或密钥已被取走。
device-expired-do = 请重新开始。

# Organisations
organisation = 组织
organisation-lead = 组织有自己的成员、角色、审批与操作记录。
organisation-new = 新建组织
organisation-new-note = 您将成为所有者。
organisation-name = 组织名称
organisation-name-help = 营业执照上的名称，或团队的名称。
organisation-roles = 您的角色：{ $roles }。
organisation-asks = 申请时间戳须先经审批者同意
organisations = 组织
organisations-note = 企业与团队。
organisations-none = 未加入组织
organisations-none-note = 新建或受邀加入后列在这里。
members = 成员
members-note = 每项角色分别授予。
members-many = 成员与邀请已达上限。
member-remove = 移出组织
member-remove-note = 其密钥随即失效；负责的记录等待新的保管者。
role-owner = 所有者
role-owner-note = 任命成员，更改设置
role-applicant = 申请者
role-applicant-note = 申请时间戳
role-approver = 审批者
role-approver-note = 同意或拒绝申请，不能审批自己的申请
role-custodian = 保管者
role-custodian-note = 对记录与文件负责
role-auditor = 审计者
role-auditor-note = 查看操作记录
role-missing = 请至少选一个角色。
roles-note = 至少须有一位所有者。
last-owner = 组织至少须有一位所有者，请先移交。
last-held = 组织有一份存入的原件处于保全中：最后一名成员离开会使组织终止。请先解除保全；运营者设的保全请向运营者询问原因。
invitations = 邀请
invitations-note = 受邀者用该邮箱登录后即可加入，14 天内有效。
invite = 发出邀请
invitation-accept = 加入
invitation-note = 邀请您加入，角色：{ $roles }。
transfer = 移交所有权
transfer-note = 此成员成为所有者，您不再是。
leave = 退出组织
leave-note = 您的组织密钥随即失效。
approvals = 审批
approvals-on = 盖章前须经审批者同意，不能审批自己的申请。
approvals-off = 目前不要求审批，所有者可在设置中开启。
approvals-none = 没有申请
approvals-none-note = 需要审批的申请会列在这里。
approval-what = 内容与申请者
approval-asked = 申请于
approval-waiting = 等待审批
approval-approved = { $name } 已同意
approval-declined = { $name } 已拒绝
approve = 同意
decline = 拒绝

# History
history = 操作记录
history-mine = 我的操作记录
history-mine-lead = 谁在何时对您的账号做了什么。每一行都写有前一行的摘要，不能悄悄更改。
history-note = 每行含前一行的摘要；最新一行每小时盖一次时间戳。
history-empty = 还没有记录
history-empty-note = 操作会列在这里。
history-number = 序号
history-time = 时间
history-who = 操作者
history-what = 操作
history-on = 对象
history-sealed = 截至第 { $number } 行，已于 { $time } 盖时间戳。
history-not-sealed = 尚未盖时间戳，一小时内完成。
history-broken = 第 { $number } 行与前一行不衔接：记录被改动过。
history-seals = 下载每小时的时间戳（JSON）
history-file = 下载记录（JSON）
history-token = 下载其时间戳

# Real name
identity = 真实身份
identity-of = { $name } 的真实身份
identity-lead = 核验后，证书可以写明申请人的身份、核验方法与时间；对外只显示掩码后的内容。
identity-state = 现状
identity-state-note = 只有您和审核者能看到完整内容。
identity-none = 未核验
identity-waits = 正在核验
identity-confirmed = 已核验
identity-refused = 未通过
identity-name = 证件上的姓名或名称
identity-name-help = 与证件完全一致。
identity-name-wrong = 请按证件填写，至少两个字。
identity-paper = 证件
identity-country = 签发国家或地区
identity-country-help = 两个字母，如 CN、SG、DE。
identity-country-wrong = 请填写两个字母的代码；中国证件为 CN。
identity-number = 证件号码
identity-number-help = 会按该证件的规则检查。
identity-number-wrong = 这不是该证件的有效号码，请对照证件核对。
identity-representative = 经办人
identity-representative-help = 代表该组织办理的人的姓名。
identity-file = 证件影像
identity-file-more = 另一面或其他材料
identity-file-help = JPEG、PNG、WebP 或 PDF，每个不超过 { $limit }；加密保存，决定后 { $days } 天删除。
identity-file-missing = 审核需要证件影像。
identity-file-wrong = 只接受 JPEG、PNG、WebP 或 PDF，每个不超过 { $limit }。
identity-method = 核验方法
identity-asked = 提交于
identity-decided = 决定于
identity-reason = 原因
identity-others-see = 他人看到
identity-shown = { $name }（{ $number }），{ $method }，{ $day }
identity-apply = 提交核验
identity-apply-note = 已核验的身份在新的决定之前继续有效。
identity-withdraw = 撤回
identity-withdraw-note = 删除所填内容与影像；已出具的声明将显示为不再有效。
provider-silent = 核验机构未能在期限内答复，请改为提交证件影像。
method-papers = 运营者审核证件
method-papers-note = 运营者查看证件影像后决定。
method-provider = 核验机构比对
method-provider-note = 由 { $name } 比对姓名与号码，无需影像。
paper-resident-id = 居民身份证
paper-passport = 护照
paper-hk-mo = 港澳居民来往内地通行证
paper-tw = 台湾居民来往大陆通行证
paper-permanent-resident = 外国人永久居留身份证
paper-national-id = 其他国家或地区的身份证
paper-social-credit = 统一社会信用代码
paper-register = 境外公司登记
statement = 身份声明
statement-note = 给第三方的文件：写明您的姓名、核验方法与时间，并附时间戳。只有您能出具。
statement-for = 给谁
statement-for-help = 例如平台名称或案号，写入声明。
statement-make = 出具声明
statement-made-note = 把两个文件与核对地址一并交给对方。
statement-file = 下载声明（JSON）
statement-token = 下载其时间戳
statement-check = 核对地址
statement-checked = 核对身份声明
statement-check-lead = 本节点出具过摘要如下的身份声明。请计算所收到文件的 SHA-256，与此比较。
statement-check-note = 本页不显示姓名。
statement-holds = 有效
statement-over = 不再有效
statement-made = 出具于

# Privacy
privacy = 隐私与数据
privacy-lead = 查看您同意过什么，导出全部数据，或注销账号。
purpose = 事项
purpose-terms = 使用条款
purpose-privacy = 账号所需的个人信息
purpose-identity = 真实身份核验
purpose-show-name = 公开显示姓名
consents = 同意的记录
consents-note = 每次同意或撤回都盖时间戳；记录中只有对您身份的承诺值。
consent-act = 操作
consent-stamp = 时间戳
consent-given = 同意
consent-withdrawn = 撤回
stamped = 已盖
stamped-soon = 即将盖章
show-name-give = 同意公开显示姓名
show-name-withdraw = 撤回公开显示姓名
export = 导出
export-note = 一个 JSON 文件，包含本节点保存的关于您的一切，含证件影像与操作记录。
export-act = 导出我的数据
disclosures = 对外提供
disclosures-note = 依法向主管机关提供您的信息时，记录在此；法律要求暂不告知的，届满后显示。
disclosures-none = 没有对外提供
disclosures-none-note = 如有，会列在这里。
disclosure-to = 对象与依据
disclosure-what = 内容
erase = 注销
erase-note = 销毁您的密钥，由其加密的内容从此无法读取。已出具的证明仍可验证，但不再指向您。如有付费，金额与日期依记账需要保留，不含姓名；余额请在此之前申请退回。
erase-act = 注销我的账号
erase-confirm = 请输入您的邮箱以确认。七天内可以反悔。
erase-mail-wrong = 与您的邮箱不符。
erase-owner = 您是某个组织的唯一所有者，请先移交。
erase-asked = 申请于
erase-due = 执行于
erase-held = 依法须暂时保留，届满后执行
erase-held-original = 有一份存入的原件处于保全中，暂不能删除。您自己设的保全可在该文件的页面解除；运营者设的保全请向运营者询问原因。全部保全解除后即执行删除
erase-stop = 取消注销
frozen = 冻结
frozen-now = 账号已冻结。
frozen-now-note = 数据仅保存并受保护，不作其他使用。您仍可导出与申请注销。
report = 举报
report-lead = 举报侵权、违法内容，或被他人冒用的作品。无需账号。
report-note = 只有运营者能看到。
report-about = 对象
report-about-help = 网址、存证编号或摘要，不超过 500 字。
report-what = 说明
report-what-help = 至少 10 个字：发生了什么，您的权利依据。
report-contact = 联系邮箱
report-contact-help = 用于答复，处理后不作他用。
report-act = 提交

# After an act
said-signed-out = 已退出登录。
said-welcome = 账号已就绪。
said-recovered = 新密码已生效，请登录。其他设备均已退出。
said-name = 称呼已更改。
said-mail = 邮箱已更改。
said-password = 密码已更改，其他设备均已退出。
said-sessions = 已结束。
said-passkey = 通行密钥已添加。
said-passkey-removed = 通行密钥已移除。
said-totp = 动态码已启用。请生成恢复码，以防手机丢失。
said-totp-removed = 动态码已停用。
said-operator = 您现在是管理员。
said-operator-needs-second = 管理员须有第二项凭据：请添加通行密钥或启用动态码。
said-organisation = 组织已建立。
said-settings = 设置已保存。
said-invited = 邀请已发出。
said-uninvited = 邀请已撤回。
said-joined = 您已加入。
said-roles = 角色已更改。
said-left = 您已退出该组织。
said-removed = 成员已移出。
said-transferred = 所有权已移交。
said-decided = 决定已记录。
said-key-ended = 密钥已停用。
said-device-allowed = 已允许。程序会自动继续，您可以关闭本页。
said-device-refused = 已拒绝，程序不会得到密钥。
said-identity-asked = 已提交，结果将以邮件告知。
said-identity-withdrawn = 已撤回，内容与影像已删除。
said-consent = 已记录并盖时间戳。
said-erasure = 已申请注销，七天后执行。
said-erasure-stopped = 注销已取消。
said-report = 已收到，谢谢。
said-done = 已完成并记录。

# Acts
act-registered = 注册
act-signed-in = 登录
act-signed-out = 结束登录
act-password-changed = 更改密码
act-recovered = 重设密码
act-mail-changed = 更改邮箱
act-name-changed = 更改称呼
act-passkey-added = 添加通行密钥
act-passkey-removed = 移除通行密钥
act-codes-set = 启用动态码
act-codes-removed = 停用动态码
act-recovery-codes-made = 生成恢复码
act-recovery-code-used = 使用恢复码
act-key-made = 创建接口密钥
act-key-ended = 停用接口密钥
act-webhook-made = 添加事件推送
act-webhook-changed = 修改事件推送
act-webhook-secret-changed = 更换事件推送的密钥
act-webhook-enabled = 启用事件推送
act-webhook-disabled = 停用事件推送
act-webhook-removed = 删除事件推送
act-organisation-made = 建立组织
act-organisation-changed = 更改组织设置
act-invited = 发出邀请
act-invitation-ended = 撤回邀请
act-joined = 加入组织
act-roles-changed = 更改角色
act-left = 离开组织
act-transferred = 移交所有权
act-approval-asked = 申请审批
act-approved = 同意申请
act-declined = 拒绝申请
act-custodian-set = 指定保管者
act-identity-asked = 提交真实身份
act-papers-viewed = 查看证件
act-identity-confirmed = 确认真实身份
act-identity-refused = 不予确认真实身份
act-identity-withdrawn = 撤回真实身份
act-papers-deleted = 删除证件影像
act-identity-stated = 出具身份声明
act-consent-given = 同意
act-consent-withdrawn = 撤回同意
act-exported = 导出数据
act-history-exported = 导出操作记录
act-erasure-asked = 申请注销
act-erasure-stopped = 取消注销
act-mail-viewed = 查看待发邮件
act-erased = 注销
act-frozen = 冻结账号
act-thawed = 解冻账号
act-held = 设置保全
act-released = 解除保全
act-reported = 收到举报
act-report-answered = 答复举报
act-blocked = 屏蔽摘要
act-unblocked = 解除屏蔽
act-announced = 发布公告
act-announcement-ended = 结束公告
act-job-revived = 让任务重试
announcements-full = 这段时间内已有三条公告。请先结束一条，或改选时间。
act-disclosed = 对外提供信息
act-mail-handed-over = 转交邮件
act-operator-made = 任命管理员
act-operator-ended = 免去管理员
act-factors-reset = 重置第二项凭据
act-viewed = 查看
act-shown = 公开展示
act-hidden = 停止展示
act-shared = 以链接与验证码分享
act-unshared = 停止分享
act-downloaded = 下载
act-verified = 验证
act-deposited = 存入原件
act-original-removed = 删除原件
act-original-held = 保全原件
act-original-released = 解除原件保全
act-original-handed = 将原件移交给机构
act-originals-retried = 重新执行已放弃的原件任务
act-place-adopted = 以空存放处接替丢失的存放处
act-price-set = 公布价格
act-order-made = 发起付款
act-topped-up = 款项入账
act-refunded = 退回款项
act-charge-returned = 退回一份记录的费用
act-credit-set = 设定信用额度
act-written-off = 核销欠款
act-invoice-changed = 变更开票信息
act-books-exported = 导出账目

# Mail: the first line is the subject
mail-foot = 此邮件由时印节点自动发出。我们不会在邮件中索取密码，也不会要求点击链接。
mail-register =
    验证码 { $code }
    您正在 { $name } 的时印节点注册账号。

    验证码：{ $code }

    请在发起注册的浏览器中填写，一小时内有效。若非本人操作，请忽略。
mail-known =
    您已有账号
    有人想用此邮箱注册或更改邮箱，但它已有账号。若是您本人，请直接登录，忘记密码时可以重设。若非本人，无需处理。
mail-not-invited =
    无法注册
    { $name } 的时印节点只接受受邀者注册，此邮箱没有受邀。请联系邀请您的组织。
mail-recover =
    验证码 { $code }
    您正在重设密码。

    验证码：{ $code }

    请在发起操作的浏览器中填写，一小时内有效。若非本人操作，请忽略，密码没有改变。
mail-change-letter =
    验证码 { $code }
    您正在把账号邮箱改为此地址。

    验证码：{ $code }

    一小时内有效。
mail-changed =
    账号邮箱已更改
    您的账号改用了另一个邮箱，此邮箱不再收到通知。若非本人操作，请立即联系运营者。
mail-new-device =
    新设备登录
    您的账号在一台未用过的设备上登录。

    时间：{ $time }
    设备：{ $device }
    网络地址：{ $address }

    若非本人，请结束该登录并更改密码。
mail-password =
    密码已更改
    您的账号密码已更改。若非本人操作，请立即重设密码并联系运营者。
mail-passkey =
    已添加通行密钥
    您的账号添加了一个通行密钥。若非本人操作，请移除它并更改密码。
mail-totp =
    已启用动态码
    您的账号登录时将要求动态码。若非本人操作，请联系运营者。
mail-totp-removed =
    已停用动态码
    您的账号登录时不再要求动态码。若非本人操作，请立即更改密码。
mail-recovery-code =
    已使用恢复码
    您的账号使用了一个恢复码。若非本人操作，请立即更改密码并生成新的恢复码。
mail-factors-reset =
    第二项凭据已重置
    运营者应要求移除了您账号的通行密钥、动态码与恢复码，所有设备均已退出。若您没有提出，请立即联系运营者。
mail-key =
    已创建接口密钥
    您的账号创建了一个接口密钥。若非本人操作，请停用它并更改密码。
mail-invitation =
    邀请加入 { $organisation }
    { $name } 邀请您加入「{ $organisation }」。请用此邮箱登录或注册，邀请显示在账号页，14 天内有效。
mail-identity-confirmed =
    真实身份已核验
    您提交的真实身份已核验。{ $reason }
mail-identity-refused =
    真实身份未通过
    您提交的真实身份未能确认。{ $reason }

    您可以更正后重新提交。
mail-operator-review =
    有身份待审核
    有人提交了真实身份。请在 /operator/identities 处理。
mail-operator-report =
    收到举报
    有访客提交了举报。请在 /operator/reports 处理。
mail-report-answer =
    对举报的答复
    您举报的对象：{ $about }

    { $answer }
mail-erasure =
    已申请注销
    您的账号将在七天后注销。若改变主意，请在此之前登录并取消；若非本人操作，请立即取消并更改密码。
act-preserved = 生成存证记录
scope-records-read = 读取存证记录与作品
scope-records-write = 申请时间戳
scope-holdings-read = 下载存入的原件
scope-holdings-write = 存入原件
scope-webhooks-read = 读取事件与事件推送
scope-webhooks-write = 设置事件推送
act-words-changed = 作品类型、标签或模板已修改
keys-reference = 接口参考
keys-guide = 使用说明
idempotency-wrong = Idempotency-Key：1 至 100 个可见 ASCII 字符。
idempotency-other = 此 Idempotency-Key 先前用于其他内容。请为每个请求另取一个键。
idempotency-under-way = 同一 Idempotency-Key 的请求正在办理
idempotency-under-way-do = 请过几秒重发，应答将与第一次相同。
