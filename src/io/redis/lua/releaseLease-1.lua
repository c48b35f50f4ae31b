--[[
Purpose: gives the lease back.
Promise: removes the record only for the owner and token it names; the fence counter is another key and stays.
KEYS[1] lease record (hash)
ARGV[1] owner's session id
ARGV[2] lease token
Return: "released", "missing" (no record) or "other" (another owner or token).
]]
local record = redis.call('HMGET', KEYS[1], 'owner_session_id', 'lease_token')
if not record[1] then
  return 'missing'
end
if record[1] ~= ARGV[1] or record[2] ~= ARGV[2] then
  return 'other'
end
redis.call('DEL', KEYS[1])
return 'released'
