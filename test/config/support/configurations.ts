/** Configurations as people have them: nothing in them is to be complained of. */
export const configurations: Readonly<Record<string, string>> = {
  "two lines": `
[Main]
[Program:bot]
command = python3 -u bot.py
`,
  "a site in Django, with worker and scheduler": `
[Main]
config_dir = /home/me/usrsvc.d
[DefaultSettings:shop]
directory = /home/me/shop
email_alerts = ops@example.org, me@example.org
maxrestarts = 5
restart_delay = 10s
    [[Env]]
    DJANGO_SETTINGS_MODULE = shop.settings.production
    DATABASE_URL = "postgres://shop:pa$sw0rd@127.0.0.1/shop?x=1#y"
    SECRET_KEY = "k7$H@!d~x$(a&b|c;d<e>f"
    PATH = /home/me/shop/venv/bin:/usr/local/bin:/usr/bin:/bin
    HASH = $2b$12$KIXQ4b8Z.6
[Program:shop]
defaults = shop
command = /home/me/shop/venv/bin/gunicorn --name shop --workers 3 --bind unix:/home/me/run/shop.sock shop.wsgi:application
proctitle_re = gunicorn: master \\[shop\\]|/gunicorn --name shop
term_to_kill_seconds = 40
[Program:worker]
defaults = shop
command = /home/me/shop/venv/bin/celery -A shop worker -n shop@%%h -Q default,mail --loglevel=INFO
proctitle_re = celeryd: shop@[^:]*:MainProcess|bin/celery -A shop worker
[Program:beat]
defaults = shop
command = /home/me/shop/venv/bin/celery -A shop beat -s /home/me/shop/celerybeat-schedule
`,
  "a node application behind npm": `
[Main]
[Program:chat]
command = /usr/bin/npm run start --silent -- --port 3000
directory = /home/me/chat
proctitle_re = ^node /home/me/chat/dist/server[.]js
success_seconds = 10
    [[Env]]
    NODE_ENV = production
    NODE_OPTIONS = --max-old-space-size=512
    [[Monitor]]
    rss_limit = 800M
`,
  "daemons that write their own pidfiles": `
[Main]
[Program:nginx]
command = /usr/sbin/nginx -c /home/me/etc/nginx.conf -g "pid /home/me/run/nginx.pid; daemon on;"
autopid = False
pidfile = /home/me/run/nginx.pid
proctitle_re = ^nginx: master process .*/home/me/etc/nginx[.]conf
stop = QUIT 30s, TERM 5s, KILL
reload = HUP
[Program:redis]
command = redis-server /home/me/etc/redis.conf --save '' --appendonly no --loglevel notice
proctitle_re = redis-server [^ ]+:6379
umask = 077
`,
  "a database of one's own": `
[Main]
[Program:postgres]
command = /usr/lib/postgresql/15/bin/postgres -D /home/me/pg -k /home/me/run -c "log_line_prefix=%m [%p] "
stop = INT, QUIT 10s
term_to_kill_seconds = 2m
stop_group = no
stop_descendants = yes
reload = /usr/lib/postgresql/15/bin/pg_ctl reload -D /home/me/pg
stop_command = /usr/lib/postgresql/15/bin/pg_ctl stop -D /home/me/pg -m smart -t 60
stderr = stdout
`,
  "java with a start script": `
[Main]
[Program:search]
command = /home/me/search/bin/start.sh --profile production
proctitle_re = java .*-Dservice=search
directory = /home/me/search
autostart = False
[Program:kafka]
command = /usr/bin/java -Xmx1G -Dlog4j.configuration=file:/home/me/kafka/log4j.properties -Dlogs=\${kafka.logs} -cp /home/me/kafka/libs/* kafka.Kafka /home/me/kafka/server.properties
    [[Env]]
    JAVA_HOME = /usr/lib/jvm/default-java
    JAVA_OPTS = "-Xms512m -Xmx1g -XX:+UseG1GC -Dfoo='a b'"
`,
  "shell lines": `
[Main]
[Program:tunnel]
command = while true; do ssh -N -o ExitOnForwardFailure=yes -R 8080:localhost:80 me@host; sleep 10; done
useshell = True
proctitle_re = ssh -N -o ExitOnForwardFailure=yes -R 8080
[Program:api]
command = cd ~/api && . venv/bin/activate && exec uvicorn api:app --port $PORT > /home/me/log/api.log 2>&1
useshell = True
proctitle_re = uvicorn api:app
    [[Env]]
    PORT = 8001
[Program:pipe]
command = "tail -F /var/log/app.log | grep --line-buffered ERROR | /home/me/bin/notify"
useshell = True
[Program:bash]
command = bash -lc 'cd $HOME/x && exec ./run > /dev/null'
proctitle_re = /home/me/x/run
`,
  "queues in php": `
[Main]
[DefaultSettings:queue]
directory = /home/me/www
restart_delay = 5
    [[Monitoring]]
    rss_limit = 262144
    monitor_after = 60
[Program:queue-1]
defaults = queue
command = php /home/me/www/artisan queue:work redis --queue=critical,high,default --sleep=3 --tries=3 --max-time=3600 --name=1
[Program:queue-2]
defaults = queue
command = php /home/me/www/artisan queue:work redis --queue=critical,high,default --sleep=3 --tries=3 --max-time=3600 --name=2
[Program:horizon]
command = /usr/bin/php8.2 -d memory_limit=512M artisan horizon
directory = /home/me/www
`,
  "workers that are given up for a while": `
[Main]
[DefaultSettings:worker]
autorestart = on-failure
success_exit = 0, 2, SIGTERM
restart_delay = 2
restart_max_delay = 5m
maxrestarts = 5
restart_window = 10m
retry_after = 15m
max_age = 24h
[Program:import]
defaults = worker
command = /home/me/bin/import --all
[Program:export]
defaults = worker
command = /home/me/bin/export
restart_window = 0
restart_at = 0 4,16 * * mon-fri
`,
  "small servers and watchers": `
[Main]
smtp_url = "smtps://me:p%40ss@mail.example.org"
[Program:caddy]
command = /home/me/bin/caddy run --config /home/me/etc/Caddyfile --adapter caddyfile
[Program:files]
command = python3 -m http.server 8080 --bind 127.0.0.1 --directory /home/me/public
[Program:sync]
command = /usr/bin/syncthing serve --no-browser --home=/home/me/.config/syncthing
    [[Env]]
    HOME = /home/me
    STNORESTART = 1
[Program:hook]
command = webhook -hooks /home/me/hooks.json -verbose -header "X-Note=a & b; c | d > e"
[Program:jupyter]
command = jupyter lab --no-browser --ServerApp.password='argon2:$argon2id$v=19$m=10240' --port 8888
[Program:proxy]
command = socat TCP-LISTEN:8443,fork,reuseaddr OPENSSL:example.org:443,verify=1
[Program:metrics]
command = node_exporter --collector.filesystem.mount-points-exclude=^/(dev|proc|sys)($|/) --web.listen-address=127.0.0.1:9100
`,
  "a file of 1.x": `
[Main]
config_dir = /home/me/usrsvc.d
pidfile = /home/me/pids/usrsvcd.pid
usrsvcd_stdout = /home/me/logs/usrsvcd.log
usrsvcd_stderr = stdout
sendmail_path = auto

[DefaultSettings:main]
inherit_env = True
autorestart = true
scan_for_process = False
stderr = stdout

[Program:feed]
defaults = main
command = /home/me/bin/feed.py --url "http://example.org/?a=1&b=2" --interval 60
pidfile = /home/me/pids/feed.pid
stdout = /home/me/logs/feed.log
    [[Env]]
    PYTHONPATH = "/home/me/lib:/home/me/lib2"
    [[Monitoring]]
    activityfile = /home/me/run/feed.alive
    activityfile_limit = 300
`,
};
