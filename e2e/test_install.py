"""The Debian package, installed in a clean Debian, and the sample proxies in front of what it serves."""

import os
import re
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from conftest import SHIYIN, Node

ROOT = Path(__file__).resolve().parent.parent
PEERS = Path(os.environ["SHIYIN_PEERS"])
DATA = "/var/lib/shiyin/data"


def run(*command, code=0, **more):
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, timeout=300, **more)
    assert code is None or done.returncode == code, done.stdout + done.stderr
    return done.stdout + done.stderr


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def answered(url, **more):
    """What `url` answers, once somebody listens there."""
    for _ in range(100):
        try:
            with urllib.request.urlopen(urllib.request.Request(url, **more), timeout=10) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()
        except OSError:
            time.sleep(0.1)
    raise AssertionError(f"nobody listens at {url}")


class Clean:
    """A clean Debian in a folder. What runs in it has its own processes, which end with it."""

    def __init__(self, folder):
        self.folder = folder
        run("tar", "-C", folder, "-xf", PEERS / "debian-root.tar")
        folder.chmod(0o755)
        (folder / "etc/hosts").write_text("127.0.0.1 localhost\n")

    def command(self, *command):
        inside = ["unshare", "--pid", "--fork", "--kill-child", "--mount", f"--mount-proc={self.folder}/proc",
                  "chroot", self.folder, *command]
        return [str(part) for part in inside]

    def run(self, *command, code=0):
        return run(*self.command(*command), code=code, env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8"})


@pytest.fixture(scope="module")
def package(tmp_path_factory):
    folder = tmp_path_factory.mktemp("package")
    said = run(ROOT / "scripts/package", SHIYIN, folder)
    [found] = folder.glob("*.deb")
    assert str(found) in said
    return found


def test_the_package_does_its_main_job_in_a_clean_debian(package, tmp_path):
    clean = Clean(tmp_path)
    (tmp_path / "shiyin.deb").write_bytes(package.read_bytes())
    said = clean.run("dpkg", "-i", "/shiyin.deb")
    assert "shiyin setup" in said and "请先建立实例" in said
    assert clean.run("dpkg", "-V", "shiyin") == "", "every file is as it was packed"
    assert clean.run("stat", "-c", "%U %a", "/var/lib/shiyin") == "shiyin 700\n"
    for name in ["man1/shiyin.1.gz", "man1/shiyin-stamp.1.gz", "zh_CN/man1/shiyin.1.gz"]:
        assert (tmp_path / "usr/share/man" / name).is_file()
    for name in ["operator/zh/trouble.md", "operator/pictures/room-en.png", "operations/tsa-key.md"]:
        assert (tmp_path / "usr/share/doc/shiyin/docs" / name).is_file(), name
    notices = run("zcat", tmp_path / "usr/share/doc/shiyin/third-party.txt.gz")
    assert "\nrustls " in notices and "SIL OPEN FONT LICENSE" in notices
    assert "\nproptest " not in notices, "what tests alone use is not linked"

    user = ["runuser", "-u", "shiyin", "--"]
    clean.run(*user, "shiyin", "init", "--evaluation", "--data", DATA)
    unit = (tmp_path / "usr/lib/systemd/system/shiyin.service").read_text()
    serve = re.search(r"^ExecStart=(.*)$", unit, re.M).group(1).split()
    assert re.search(r"^ConditionPathExists=(.*)$", unit, re.M).group(1) == f"{DATA}/shiyin.db"
    assert (tmp_path / DATA[1:] / "shiyin.db").is_file()
    server = subprocess.Popen(clean.command(*user, *serve, "--listen", "127.0.0.1:0"), stdout=subprocess.PIPE, text=True)
    try:
        url = re.search(r"http://localhost:\d+", server.stdout.readline()).group(0)
        assert answered(f"{url}/readyz")[0] == 200
        assert "时印" in answered(f"{url}/")[1].decode()
        (tmp_path / "tmp/moon.txt").write_text("月港\n")
        clean.run("shiyin", "stamp", "/tmp/moon.txt", "--server", url, "--data", DATA)
        assert "Valid" in clean.run("shiyin", "verify", "/tmp/moon.txt", "--data", DATA)
        # Whoever has OpenSSL needs nothing of ours.
        run("openssl", "ts", "-verify", "-data", tmp_path / "tmp/moon.txt", "-in", tmp_path / "tmp/moon.txt.tsr",
            "-CAfile", tmp_path / DATA[1:] / "public/root.pem")
    finally:
        os.kill(server.pid, signal.SIGKILL)
        server.wait(timeout=30)

    # Installed again, removed, purged: what people keep stays.
    clean.run("dpkg", "-i", "/shiyin.deb")
    clean.run("dpkg", "-r", "shiyin")
    assert not (tmp_path / "usr/bin/shiyin").exists()
    assert "数据保留" in clean.run("dpkg", "-P", "shiyin")
    assert (tmp_path / DATA[1:] / "log.db").is_file()
    clean.run("dpkg", "-i", "/shiyin.deb")
    assert "Valid" in clean.run("shiyin", "verify", "/tmp/moon.txt", "--data", DATA)


def test_a_package_is_the_same_bytes_each_time(package, tmp_path):
    run(ROOT / "scripts/package", SHIYIN, tmp_path)
    assert (tmp_path / package.name).read_bytes() == package.read_bytes()


@pytest.fixture(scope="module")
def behind(tmp_path_factory):
    """A node that believes the proxy, and a certificate for the proxies."""
    folder = tmp_path_factory.mktemp("behind")
    node = Node(folder, settings='[serve]\ntrusted_proxies = ["127.0.0.1"]\n')
    run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
        "-keyout", folder / "privkey.pem", "-out", folder / "fullchain.pem", "-subj", "/CN=shiyin.example",
        "-addext", "subjectAltName=DNS:shiyin.example")
    yield node
    node.stop()


def asked(port, tls, path, folder, *more):
    """What a proxy answers under the name of the sample: status, and body."""
    scheme = "https" if tls else "http"
    said = run("curl", "-s", "--noproxy", "*", "--retry", "20", "--retry-connrefused", "--retry-delay", "1", "--cacert",
               folder / "fullchain.pem", "--resolve", f"shiyin.example:{port}:127.0.0.1", "-w", "\n%{http_code}", *more,
               f"{scheme}://shiyin.example:{port}{path}")
    body, status = said.rsplit("\n", 1)
    return int(status), body


def check_proxy(secure, plain, folder):
    status, body = asked(secure, True, "/", folder)
    assert status == 200 and "时印" in body
    # A form is of the site under whose name the browser sees it, and of no other.
    form = ["-X", "POST", "-d", "x=1"]
    assert asked(secure, True, "/signin", folder, *form, "-H", "Origin: https://elsewhere.example")[0] == 403
    assert asked(secure, True, "/signin", folder, *form, "-H", f"Origin: https://shiyin.example:{secure}")[0] == 422
    (folder / "request.tsq").write_bytes(subprocess.run(
        ["openssl", "ts", "-query", "-digest", "00" * 32, "-sha256", "-cert"], capture_output=True, check=True).stdout)
    query = ["-H", "Content-Type: application/timestamp-query", "--data-binary", f"@{folder}/request.tsq", "-o",
             folder / "reply.tsr"]
    for port, tls in [(secure, True), (plain, False)]:
        status, _ = asked(port, tls, "/tsa", folder, *query)
        assert status == 200
        assert "Granted" in run("openssl", "ts", "-reply", "-in", folder / "reply.tsr", "-text")
    status, _ = asked(plain, False, "/signin", folder)
    assert 300 <= status < 400, "pages are asked for over TLS alone"


def test_the_sample_for_nginx_serves(behind, tmp_path):
    secure, plain = free_port(), free_port()
    sample = (ROOT / "dist/nginx.conf").read_text()
    sample = sample.replace("listen 443 ssl", f"listen 127.0.0.1:{secure} ssl").replace("listen 80", f"listen 127.0.0.1:{plain}")
    sample = sample.replace("http://127.0.0.1:8318", behind.url.replace("localhost", "127.0.0.1"))
    sample = sample.replace("/etc/ssl/shiyin", str(behind.folder))
    (tmp_path / "site.conf").write_text(sample)
    (tmp_path / "nginx.conf").write_text(f"""
daemon off; pid {tmp_path}/pid; error_log {tmp_path}/error.log; worker_processes 1; user root;
events {{}}
http {{
    access_log off;
    client_body_temp_path {tmp_path}/b; proxy_temp_path {tmp_path}/p; fastcgi_temp_path {tmp_path}/f;
    uwsgi_temp_path {tmp_path}/u; scgi_temp_path {tmp_path}/s;
    include {tmp_path}/site.conf;
}}
""")
    nginx = subprocess.Popen([PEERS / "debian/usr/sbin/nginx", "-e", tmp_path / "error.log", "-c", tmp_path / "nginx.conf"])
    try:
        check_proxy(secure, plain, behind.folder)
    finally:
        nginx.terminate()
        nginx.wait(timeout=30)


def test_the_sample_for_caddy_serves(behind, tmp_path):
    secure, plain = free_port(), free_port()
    sample = (ROOT / "dist/Caddyfile").read_text()
    sample = sample.replace("127.0.0.1:8318", behind.url.removeprefix("http://").replace("localhost", "127.0.0.1"))
    # Its own certificate comes from an authority of the internet; here from a file.
    sample = sample.replace("content.example {\n", f"content.example {{\n\ttls {behind.folder}/fullchain.pem {behind.folder}/privkey.pem\n", 1)
    top = f"{{\n\tadmin off\n\thttp_port {plain}\n\thttps_port {secure}\n\tdefault_bind 127.0.0.1\n\tauto_https disable_redirects\n}}\n"
    (tmp_path / "Caddyfile").write_text(top + sample)
    environment = {**os.environ, "XDG_DATA_HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path)}
    with open(tmp_path / "log", "w") as log:
        caddy = subprocess.Popen([PEERS / "debian/usr/bin/caddy", "run", "--adapter", "caddyfile", "--config", tmp_path / "Caddyfile"],
                                 env=environment, stdout=log, stderr=log)
    try:
        check_proxy(secure, plain, behind.folder)
    finally:
        caddy.terminate()
        caddy.wait(timeout=30)
