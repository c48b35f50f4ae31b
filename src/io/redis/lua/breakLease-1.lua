--[[
Purpose: removes the lease a person looked at, whoever holds it.
Promise: removes the record only while it carries the token that was seen, so a late or repeated call never breaks a
  younger lease.
KEYS[1] lease record (hash)
ARGV[1] lease token that was seen
Return: "broken", "missing" (no record) or "other" (another token).
]]
local token = redis.call('HGET', KEYS[1], 'lease_token')
if not token then
  return 'missing'
end
if token ~= ARGV[1] then
  return 'other'
end
redis.call('DEL', KEYS[1])
return 'broken'
