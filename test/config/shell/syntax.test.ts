import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { beginsWithShellSyntax, findShellSyntax } from "../../../src/config/shell/syntax.ts";

const find = (command: string): string => findShellSyntax(command, "/home/me").join("\n");

/** Commands that a shell would read otherwise, and what is to be written instead. */
const told: readonly (readonly [command: string, advice: RegExp])[] = [
  ["cat a | grep b", /^"\|" means .*; set useshell = True$/],
  ["cat a |grep b", /^"\|" means/],
  ["migrate && serve", /^"&&" means/],
  ["migrate&& serve", /^"&&" means/],
  ["migrate || true", /^"\|\|" means/],
  ["a; b", /^";" means/],
  ["cd /x ; ./b", /^cd works only in a shell; write directory = \/x and command = \.\/b/],
  ["a & b", /^"&" means/],
  ["a | b > c", /^"\|" and ">" mean .*set useshell = True$/],
  ["serve > /var/log/x", /^">" means .*name the files in stdout and stderr instead, or/],
  ["serve >>/var/log/x 2>&1", /^">>\/var\/log\/x" and "2>&1" mean .*name the files in stdout/],
  ["serve 2> /dev/null", /^"2>" means/],
  ["serve &> x", /^"&>" means/],
  ["serve < in", /^"<" means .*; set useshell = True$/],
  ["serve --port 80 ; the web server", /^a comment begins with #/],
  ["serve --port 80 ;the web server", /^a comment begins with #/],
  ["cd /srv/x && ./run --a b", /directory = \/srv\/x and command = \.\/run --a b, or set useshell/],
  ["cd /srv/x; exec ./run", /directory = \/srv\/x and command = \.\/run, or/],
  ["cd ~/x && ./run", /directory = \/home\/me\/x and command = \.\/run/],
  ["cd $HOME && ./run", /directory = \/home\/me and command = \.\/run/],
  ["cd x && ./run", /directory = \/home\/me\/x and/],
  ["cd x && A=1 ./run", /^"&&" means .*; set useshell = True$/],
  ["cd x && ./run 'a b'", /^"&&" means .*; set useshell = True$/],
  ["cd x && . bin/activate && run", /^"&&" means .*; set useshell = True$/],
  ["cd /srv/x", /directory = \/srv\/x, and the rest as command$/],
  [
    "A=1 B='2 3' serve",
    /^A=… and B=… set variables .*write A = … and B = … in a section \[\[Env\]\]/,
  ],
  ["source venv/bin/activate", /^"source" is a word of the shell/],
  ["ulimit -n 100", /^"ulimit" is a word of the shell/],
  ["exec serve", /^exec works only in a shell; leave it out/],
  ["umask 022", /use the key umask/],
  [
    "~/bin/serve ~/x ~web/y",
    /~ in "~\/bin\/serve"; write \/home\/me\/bin\/serve\n.*\/home\/me\/x\n.*write \/home\/web\/y$/,
  ],
  ["$HOME/bin/serve", /^no shell expands \$HOME in "\$HOME\/bin\/serve"; write \/home\/me, or/],
  ['serve "$HOME/x"', /^no shell expands \$HOME/],
  [
    "serve -b 127.0.0.1:$PORT",
    /^no shell expands \$PORT .*write its value, or set useshell = True$/,
  ],
  ["serve --db=${DB_URL}", /^no shell expands \$\{DB_URL\}/],
  ["serve -p ${PORT:-80}", /^no shell expands \$\{PORT:-80\}/],
  ["serve -w $(nproc)", /^no shell runs "\$\(nproc\)"; write its output, or/],
  ["serve -w `nproc`", /^no shell runs "`nproc`"/],
];

/** Commands in which all is meant for the program. */
const silent: readonly string[] = [
  "/usr/bin/node --max-old-space-size=256 server.js",
  "php /var/www/artisan queue:work redis --queue=critical,high,default --sleep=3 --tries=3",
  "/opt/app/venv/bin/gunicorn --name 'my app' -b unix:/run/x.sock app:app",
  `sh -c "cd $HOME/x && exec ./run"`,
  "bash -lc 'source ~/.profile; exec node x | tee y'",
  'bash -c "exec serve $PORT"',
  'bash -c "$CMD"',
  "/usr/bin/env A=1 serve",
  "env -i PATH=/bin serve",
  "find /tmp -name x -exec rm {} ;",
  "find /tmp ( -name x -o -name y )",
  "curl http://h/?a=1&b=2;c=3",
  "grep -E foo|bar file",
  "awk '{ print $1 > \"/dev/stderr\" }' x",
  "awk -F: {print\\ $1} x",
  "perl -e 'print $ENV{HOME}; exit'",
  "mongo --eval 'db.x.find({a: {$gt: 1}})'",
  "nginx -g 'daemon off;'",
  'nginx -c /etc/nginx.conf -g "daemon off; pid /run/x;"',
  "java -Dlog=${app.name}.log -Dx=${user} -jar x.jar",
  "pip install foo>=2 bar >=3 baz <=4",
  "usage <name> <me@example.org>",
  "ssh -N -L 8080:localhost:80 me@host",
  "autossh -M 0 -o 'ServerAliveInterval 30' me@host",
  "serve --password pa$word --salt a$B --key x$",
  "serve --template '$HOME' --other '${HOME}' \\$HOME",
  "serve --backup x~ --head HEAD~1 --home=~",
  "rsync -a --exclude=*~ a b",
  "gst-launch-1.0 videotestsrc ! autovideosink",
  "/usr/bin/python3 -c import\\ x;x.run()",
  "ffmpeg -i in -vf 'scale=1:2,fps=1;x' -f mp4 out",
  "cdrdao write x",
  "execute me",
  "jq '.a | .b' file",
  "socat TCP-LISTEN:80,fork,reuseaddr TCP:host:80",
  "caddy run --config /etc/caddy/Caddyfile",
  "redis-server /etc/redis.conf --port 0 --save ''",
  "/usr/lib/postgresql/15/bin/postgres -D /home/me/pg -k /home/me/run -c listen_addresses=",
  "tail -F /var/log/x",
  "watch -n 5 'ps aux | head; echo $HOME'",
];

describe("findShellSyntax", () => {
  for (const [command, advice] of told) {
    test(`tells of ${command}`, () => assert.match(find(command), advice));
  }
  for (const command of silent) {
    test(`has nothing against ${command}`, () => assert.equal(find(command), ""));
  }
});

test("beginsWithShellSyntax() is about what no machine could execute", () => {
  for (const command of ["cd /x", "A=1 x", "~/x", ". x", "exec x"]) {
    assert.ok(beginsWithShellSyntax(command), command);
  }
  for (const command of ["x A=1", "/x", "cdx", "'cd' x", "x ~/y", ""]) {
    assert.ok(!beginsWithShellSyntax(command), command);
  }
});
