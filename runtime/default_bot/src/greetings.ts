export const greetings = ['Hello!', 'Good to see you.', 'Welcome.']
