// The examples of the page: what looks right and is not. `kinds` has the files that no name tells; `panel` is the one to show.

export const EXAMPLES = [
  {
    name: "a heap above its limit, two files apart",
    options: { host_memory: "4g" },
    files: {
      "compose.yaml": `# The limit is here, the heap is in api/Dockerfile.
services:
  api:
    build: ./api
    mem_limit: 512m
    depends_on: [db, cache]

  worker:
    image: node:22-slim
    command: ["node", "--max-old-space-size=1536", "worker.js"]
    mem_limit: 1g

  db:
    image: postgres:17
    command: ["postgres", "-c", "shared_buffers=512MB"]
    mem_limit: 1g
    environment:
      POSTGRES_PASSWORD_FILE: /run/secrets/db

  cache:
    image: redis:8
    command: ["redis-server", "--maxmemory", "256mb"]
`,
      "api/Dockerfile": `FROM eclipse-temurin:21-jre
WORKDIR /app
COPY orders.jar .
ENV JAVA_TOOL_OPTIONS="-Xms256m -Xmx768m"
EXPOSE 8080
CMD ["java", "-jar", "orders.jar"]
`,
    },
  },
  {
    name: "an override file that takes too much away",
    options: {},
    files: {
      "compose.yaml": `services:
  search:
    image: elasticsearch:8.17.0
    mem_limit: 2g
    memswap_limit: 2g
    mem_reservation: 1536m
    environment:
      discovery.type: single-node
      ES_JAVA_OPTS: -Xms1g -Xmx1g
`,
      "compose.override.yaml": `# For laptops: less memory. What else was said about memory stays as it was.
services:
  search:
    mem_limit: 1g
`,
    },
  },
  {
    name: "a limit from a variable in .env",
    options: {},
    files: {
      "compose.yaml": `services:
  web:
    image: node:22-slim
    command: ["node", "server.js"]
    mem_limit: \${WEB_MEMORY:-1g}
    environment:
      NODE_OPTIONS: --max-old-space-size=\${WEB_HEAP:-768}

  jobs:
    image: node:22-slim
    command: ["node", "jobs.js"]
    mem_limit: \${JOBS_MEMORY}
    memswap_limit: 256m
`,
      ".env": `# 768 MiB of heap were fine before this line came.
WEB_MEMORY=512m
JOBS_MEMORY=512m
`,
    },
  },
  {
    name: "Compose keys in a Swarm stack",
    options: { target: "swarm" },
    files: {
      "compose.yaml": `services:
  shop:
    image: ghcr.io/example/shop:3.2
    mem_limit: 512m
    memswap_limit: 512m
    restart: always
    deploy:
      replicas: 3
      restart_policy:
        condition: on-failure

  metrics:
    image: prom/prometheus:v3.1.0
    oom_score_adj: -500
    deploy:
      resources:
        limits:
          memory: 256M
        reservations:
          memory: 512M
`,
    },
  },
  {
    name: "a healthcheck with a tool that is not there",
    options: {},
    files: {
      "compose.yaml": `services:
  api:
    build: .
    mem_limit: 256m
    healthcheck:
      test: ["CMD", "curl", "--fail", "http://localhost:8080/health"]
      interval: 10s

  web:
    image: nginx:1.27-alpine
    mem_limit: 64m
    depends_on:
      api:
        condition: service_healthy
`,
      "Dockerfile": `FROM golang:1.24 AS build
WORKDIR /src
COPY . .
RUN CGO_ENABLED=0 go build -o /api ./cmd/api

# Small, and without a shell or curl.
FROM gcr.io/distroless/static-debian12
COPY --from=build /api /api
ENTRYPOINT ["/api"]
`,
    },
  },
  {
    name: "caches of Redis and Postgres, set in their own files",
    options: { host_memory: "8g" },
    files: {
      "compose.yaml": `services:
  cache:
    image: redis:8
    command: ["redis-server", "/etc/redis/redis.conf"]
    mem_limit: 512m
    volumes:
      - ./redis.conf:/etc/redis/redis.conf:ro

  db:
    image: postgres:17
    command: ["postgres", "-c", "config_file=/etc/postgresql/postgresql.conf"]
    mem_limit: 1g
    shm_size: 128m
    volumes:
      - ./postgresql.conf:/etc/postgresql/postgresql.conf:ro
      - data:/var/lib/postgresql/data

volumes:
  data:
`,
      "redis.conf": `# Keys may take this much, and the copy for a snapshot comes on top.
maxmemory 768mb
maxmemory-policy allkeys-lru
appendonly yes
`,
      "postgresql.conf": `listen_addresses = '*'
max_connections = 200
shared_buffers = 2GB
work_mem = 64MB
`,
    },
  },
  {
    name: "docker run lines from a wiki",
    options: {},
    kinds: { "run.txt": "auto" },
    files: {
      "run.txt": `# Three lines of a wiki page. The flags of the first end at the image: it has no limit.
docker run -d --name cache redis:8 -m 512m

docker run -d --restart always --name api \\
  --memory 768m --memory-swap 512m \\
  -e JAVA_TOOL_OPTIONS="-Xmx1g" \\
  eclipse-temurin:21-jre java -jar orders.jar

docker run -d --restart always --name db -m 1g \\
  -e POSTGRES_PASSWORD_FILE=/run/secrets/db \\
  postgres:17 -c shared_buffers=2GB
`,
    },
  },
  {
    name: "docker inspect: what runs, and what should",
    options: {},
    kinds: { "containers.json": "auto" },
    files: {
      "containers.json": `[
  {
    "Name": "/shop-worker-1",
    "RestartCount": 41,
    "State": {
      "Status": "running",
      "Running": true,
      "OOMKilled": true,
      "ExitCode": 137,
      "StartedAt": "2026-11-30T21:14:07.381Z",
      "FinishedAt": "2026-11-30T21:14:02.911Z"
    },
    "HostConfig": {
      "Memory": 536870912,
      "MemorySwap": 536870912,
      "MemoryReservation": 0,
      "NanoCpus": 0,
      "OomKillDisable": null,
      "PidsLimit": null,
      "RestartPolicy": { "Name": "always", "MaximumRetryCount": 0 },
      "ShmSize": 67108864
    },
    "Config": {
      "Image": "node:22-slim",
      "Env": ["NODE_OPTIONS=--max-old-space-size=1024", "NODE_VERSION=22.12.0"],
      "Entrypoint": ["docker-entrypoint.sh"],
      "Cmd": ["node", "worker.js"],
      "Labels": {
        "com.docker.compose.project": "shop",
        "com.docker.compose.service": "worker",
        "com.docker.compose.project.config_files": "/srv/shop/compose.yaml"
      }
    }
  },
  {
    "Name": "/cache",
    "RestartCount": 0,
    "State": { "Status": "running", "Running": true, "OOMKilled": false, "ExitCode": 0 },
    "HostConfig": {
      "Memory": 268435456,
      "MemorySwap": -1,
      "RestartPolicy": { "Name": "unless-stopped", "MaximumRetryCount": 0 }
    },
    "Config": {
      "Image": "redis:8",
      "Entrypoint": ["docker-entrypoint.sh"],
      "Cmd": ["redis-server", "--maxmemory", "512mb"]
    }
  }
]
`,
      "compose.yaml": `# What should run. What does run is in containers.json.
name: shop
services:
  worker:
    image: node:22-slim
    command: ["node", "worker.js"]
    restart: always
    mem_limit: 2g
    memswap_limit: 2g
    environment:
      NODE_OPTIONS: --max-old-space-size=1024
`,
    },
  },
  {
    name: "limits for a host with 4 GiB",
    options: { host_memory: "4g" },
    panel: "fit",
    files: {
      "compose.yaml": `# Six services, no limit on five of them, and a host with 4 GiB: see Fit.
services:
  web:
    image: nginx:1.27-alpine
    depends_on: [api]

  api:
    image: eclipse-temurin:21-jre
    command: ["java", "-jar", "orders.jar"]
    environment:
      JAVA_TOOL_OPTIONS: -Xmx768m

  worker:
    image: node:22-slim
    command: ["node", "worker.js"]
    deploy:
      replicas: 2

  db:
    image: postgres:17
    command: ["postgres", "-c", "shared_buffers=512MB"]
    mem_limit: 2g
    environment:
      POSTGRES_PASSWORD_FILE: /run/secrets/db

  cache:
    image: redis:8
    command: ["redis-server", "--maxmemory", "256mb"]

  metrics:
    image: prom/prometheus:v3.1.0
`,
    },
  },
];
