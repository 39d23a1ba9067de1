-- Tells ote-tunnel(8) who the client is, as lighttpd tells the responder by
-- SSL_CLIENT_VERIFY and SSL_CLIENT_CERT: the certificate is one line of base64
-- here. What a client sent under these names is never passed on.
local env = lighty.r.req_env
local head = lighty.r.req_header
local cert = env["SSL_CLIENT_CERT"] or ""
cert = cert:gsub("%-%-%-%-%-[^\n]*", ""):gsub("%s", "")
head["X-Ote-Client-Verify"] = env["SSL_CLIENT_VERIFY"] or "FAILED:unknown"
head["X-Ote-Client-Cert"] = cert
