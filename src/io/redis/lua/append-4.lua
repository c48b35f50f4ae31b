--[[
Purpose: appends events to the log, each at most once, optionally only under a live lease.
Promise: with a proof, nothing at all is written unless the lease record carries that token and fence, is not
  expired by the server's clock and its fence is the newest granted. Otherwise every item is judged by itself, in
  order: its key known with the same digest -> the first entry; known with another digest -> conflict; its instant
  too far ahead of the server's clock -> future; else one new entry, and its key remembered.
KEYS[1] log stream
KEYS[2] idempotency hash: key -> "<entry id> <digest>"
KEYS[3] lease record (hash)
KEYS[4] fence counter
ARGV[1] "1" when a proof is given, else "0"
ARGV[2] lease token of the proof
ARGV[3] fence of the proof, decimal
ARGV[4] how far ahead of the server's clock an instant may be, ms
ARGV[5] number of items; then for each item: key, digest, latest instant (ms since the epoch, "0" for none),
  number of fields, and that many pairs of field name and value
Return: {"fenced_out"}, or {"done", then for each item its kind and a text}: "appended", "duplicate" and "conflict"
  with the entry id, "future" with the ms it is ahead.
]]
local clock = redis.call('TIME')
local now = tonumber(clock[1]) * 1000 + math.floor(tonumber(clock[2]) / 1000)

if ARGV[1] == '1' then
  local lease = redis.call('HMGET', KEYS[3], 'lease_token', 'fence', 'expires_at')
  local newest = redis.call('GET', KEYS[4])
  if lease[1] ~= ARGV[2] or lease[2] ~= ARGV[3] or newest ~= ARGV[3] or (tonumber(lease[3] or '') or 0) <= now then
    return { 'fenced_out' }
  end
end

local aheadMax = tonumber(ARGV[4])
local at = 6
local reply = { 'done' }
for _ = 1, tonumber(ARGV[5]) do
  local key, digest, instant = ARGV[at], ARGV[at + 1], tonumber(ARGV[at + 2])
  local first = at + 4
  local last = at + 3 + 2 * tonumber(ARGV[at + 3])
  at = last + 1
  local kind, text
  local known = redis.call('HGET', KEYS[2], key)
  if known then
    local gap = string.find(known, ' ', 1, true)
    text = string.sub(known, 1, gap - 1)
    kind = string.sub(known, gap + 1) == digest and 'duplicate' or 'conflict'
  elseif instant - now > aheadMax then
    kind = 'future'
    text = string.format('%.0f', instant - now)
  else
    kind = 'appended'
    text = redis.call('XADD', KEYS[1], '*', unpack(ARGV, first, last))
    redis.call('HSET', KEYS[2], key, text .. ' ' .. digest)
  end
  reply[#reply + 1] = kind
  reply[#reply + 1] = text
end
return reply
