// The examples of the page: six stacks that look right and are not.

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
];
