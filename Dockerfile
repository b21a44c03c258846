# Revector as a service. Builds from this checkout; keys and the database's address come from the environment.
FROM node:24-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci
COPY . .
RUN npm run build && npm prune --omit=dev

FROM node:24-bookworm-slim
ENV NODE_ENV=production REVECTOR_CACHE_DIR=/tmp/revector-cache
WORKDIR /app
COPY --from=build /app/package.json /app/LICENSE ./
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/bin ./bin
COPY --from=build /app/dist ./dist
RUN mkdir /data && chown node:node /data
USER node
VOLUME /data
# The embedded engine keeps its folder here if nothing names a server. REVECTOR_DATA_DIR would take precedence over PGHOST.
WORKDIR /data
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=4s --start-period=30s \
  CMD ["node", "-e", "fetch('http://127.0.0.1:8080/healthz').then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "/app/bin/revector.js"]
# Beyond loopback it starts only once a key was made: `docker compose run --rm revector keys create me --scope admin`.
CMD ["serve", "--host", "0.0.0.0"]
