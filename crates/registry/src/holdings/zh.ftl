not-offered = 本节点不接收原件
not-offered-do = 请以摘要申请时间戳并自行保管文件，或联系运营者。
file-large = 文件过大
file-large-do = 单个文件至多 { $limit }。请以摘要申请时间戳并自行保管文件，或请运营者提高上限。
quota-over = 超出可用容量
quota-over-do = 每位所有者至多存放 { $quota }，目前剩余 { $left }。请删除不再需要的原件，或请运营者增加容量。
uploads-many = 未完成的上传过多
uploads-many-do = 请先完成或放弃其中一些，再继续。
content-blocked = 该内容已被运营者依法封禁
content-blocked-do = 如有异议，请联系运营者。
disk-full = 本节点的存储空间已满
disk-full-do = 已收到的部分会保留。请稍后重试，或告知运营者存储已满。
storage-away = 存储暂时没有响应
storage-away-do = 已收到的部分会保留。请几分钟后重试；若持续如此，请告知运营者。
upload-locked = 另一个连接正在写入这份上传
upload-locked-do = 请等它结束，查询偏移量后从该处继续。
upload-cut = 内容尚未收完，连接已中断
upload-cut-do = 请查询偏移量，从该处继续。
offset-other = 上传的进度与此不同
offset-other-do = 请从第 { $offset } 字节继续。
more-than-said = 收到的字节多于上传所声明的长度
more-than-said-do = 请以正确的长度重新开始上传。
piece-large = 带校验值的分段过大
piece-large-do = 每段至多 { $limit }；或不带校验值，完整文件会在最后核对。
piece-differs = 这段内容与其校验值不符
piece-differs-do = 其中没有任何字节被保留。请重新发送这一段。
digest-said = 此前已为这份上传声明了另一个摘要
digest-said-do = 请为另一个文件重新开始上传。
digest-missing = 缺少文件的摘要
digest-missing-do = 全部字节已收到。请在最后发送一个空的 PATCH，并在 Upload-Metadata 中以 sha256 给出十六进制的 SHA-256。
digest-differs = 收到的内容不是当初计算摘要的那个文件
digest-differs-do = 内容已丢弃。若文件在此期间有改动，请重新计算摘要后再上传。
version-other = tus 协议的版本不同
version-other-do = 请发送 Tus-Resumable: 1.0.0。
header-wrong = 缺少 { $name } 头，或其内容有误
header-wrong-do = 请按 tus 协议 1.0.0 发送 { $name }。
media-type = 内容的媒体类型不符
media-type-do = 请发送 Content-Type: application/offset+octet-stream。
parts-not-joined = 此处不合并同一文件的分段
parts-not-joined-do = 请将每个文件从头至尾发送，可同时发送多个文件：在 tus-js-client 中请将 parallelUploads 保持为 1。
attach-differs = 上传的原件与文件“{ $name }”不符
attach-differs-do = 请重新上传该文件，或将其从申请中移除。
attach-salted = 加盐记录的原件不在此保存
attach-salted-do = 此类记录的内容对本节点保密。请自行保存文件与盐值，或另作一份存原件的记录。
original-bound = “{ $name }”的原件属于您本人的记录，不能移交给该机构
original-bound-do = 请回到第一步，把该文件再放一次，文件即以该机构的名义上传；或改为以您本人申请。
original-held = 该原件处于保全中
original-held-do = 保全解除之前不能删除。请先解除您自己设的保全；运营者设的保全请向运营者询问原因。
original-lost = 目前读不到该原件的完好副本
original-lost-do = 记录与时间戳令牌仍然有效。请告知运营者；若您手中有该文件，重新上传即可补回原处。
remove-consequences = 该原件将从本节点的全部副本中删除，且无法恢复。记录与时间戳令牌仍然有效；持有该文件的人仍可证明它不晚于令牌所载时间已经存在。但本节点此后无法再交还该文件。
mail-term =
    原件将于 { $day } 删除
    您存放在 { $url } 的 { $count } 份原件即将届满保存期限，其中最早的一份于 { $day }（UTC）届满。

    期满后，原件将从本节点的全部副本中删除。记录与时间戳令牌仍然有效，持有文件的人仍可用它证明。需要保留的原件，请在该日之前下载。
finding-lost = - { $count } 件：原件已无完好副本
finding-wrong = - { $count } 件，位于“{ $place }”：副本与写入时一致，但并非记录所指的内容
finding-damaged = - { $count } 件，位于“{ $place }”：副本受损
finding-missing = - { $count } 件，位于“{ $place }”：副本缺失
finding-away = - 存放处“{ $place }”已一天没有响应
finding-mended = - { $count } 件，位于“{ $place }”：副本已恢复完好，必要时由完好副本重建
finding-found = - { $count } 件：曾丢失的原件已重新有完好副本
finding-back = - 存放处“{ $place }”已恢复响应
mail-care-lost = 有原件已无完好副本
mail-care-bad = 有原件副本受损或缺失
mail-care-mended = 有原件副本曾受损或缺失，现已修复
mail-care-away = 原件的一处存放处没有响应
mail-care-well = 原件已恢复完好
mail-care-operator =
    { $subject }
    { $url } 的原件复核发现：

    { $lines }

    各处现状与可做的操作见 { $url }/operator/holdings 。同一问题只通知一次，不会每次复核都通知。
mail-care-owner =
    { $subject }
    对您存于 { $url } 的原件的复核发现：

    { $lines }

    受损或缺失的副本会自动由完好副本重建，运营者也已收到通知。若已无完好副本而您仍有该文件，请重新上传，它会回到原来的位置。记录与时间戳始终有效。
mail-care-records = 相关记录：{ $numbers }
